import { RE2JS } from 're2js';
import { DomainError, messageOf } from '#platform';
import { characterStart, decodeUtf8 } from '../text/utf8.js';
import { TimedText, type Deadline, type RedactionTime } from './redaction-time.js';

/** What one organization wants done with message bodies and with the age of its data. Bodies are off unless it says otherwise. */
export interface TelemetrySettings {
  /** Whether what people and models said is stored at all. */
  keepsContent: boolean;
  /** Longer bodies are cut; bytes of UTF-8. */
  contentBytesMax: number;
  /** Patterns (RE2 syntax, any letter case) whose matches are replaced in every body. */
  redactPatterns: readonly string[];
  /** Names whose values are replaced: attributes, and members of JSON bodies at any depth. Letter case does not matter. */
  redactKeys: readonly string[];
  /** Days after which bodies are deleted; 0 keeps them as long as their spans. */
  contentRetentionDays: number;
  /** Days after which spans are deleted; 0 keeps them. Decisions and money are kept all the same. */
  spanRetentionDays: number;
}

export const DEFAULT_TELEMETRY_SETTINGS: TelemetrySettings = {
  keepsContent: false,
  contentBytesMax: 16_384,
  redactPatterns: [],
  redactKeys: [],
  contentRetentionDays: 30,
  spanRetentionDays: 0,
};

/** Days after which bodies are deleted: no later than the spans that they belong to. */
export function contentRetentionDays({ contentRetentionDays: own, spanRetentionDays: spans }: TelemetrySettings): number {
  if (own === 0 || spans === 0) return own || spans;
  return Math.min(own, spans);
}

export const REDACTED = '[redacted]';

/** Stands for a body that could not be looked through in time: none of it is kept. */
export const WITHHELD = '[withheld: it could not be redacted in time]';

// How much of a body is looked through, in its longest kept lengths: one is kept, what stands behind shows where a match ends, and at the end
// of the text that was looked through one more is left out, because it may be the beginning of what a pattern would have found.
const LENGTHS_SEARCHED = 3;
// A step of the search takes as long as the patterns are large, and cannot be interrupted.
const INSTRUCTIONS_MAX = 20_000;

/** A body as it may be stored. */
export interface KeptContent {
  value: string;
  /** Places that were replaced. */
  redactions: number;
  /** Bytes that were cut from its end. */
  bytesCut: number;
}

interface Redacted {
  text: string;
  redactions: number;
}

/** Rules made ready once, for the bodies of many spans. */
export class ContentPolicy {
  readonly #patterns: readonly RE2JS[];
  readonly #keys: ReadonlySet<string>;
  readonly #bytesMax: number;

  /** @throws DomainError `invalid_redaction_pattern` */
  constructor(settings: Pick<TelemetrySettings, 'redactPatterns' | 'redactKeys' | 'contentBytesMax'>) {
    this.#patterns = compilePatterns(settings.redactPatterns);
    this.#keys = new Set(settings.redactKeys.map((key) => key.toLowerCase()));
    this.#bytesMax = settings.contentBytesMax;
  }

  /** Redacts first and cuts then: a cut must not hide half of what a pattern would have found. Without the time for it nothing is kept. */
  apply(name: string, value: string, time: RedactionTime): KeptContent {
    if (this.#keys.has(name.toLowerCase())) return { value: REDACTED, redactions: 1, bytesCut: 0 };
    if (this.#keys.size === 0 && this.#patterns.length === 0) return { redactions: 0, ...cut(value, this.#bytesMax) };
    const searchedMax = LENGTHS_SEARCHED * this.#bytesMax;
    // A string's parts share its memory: what is searched is not copied.
    const searched = value.length > searchedMax ? value.slice(0, searchedMax) : value;
    const redacted = time.spend((deadline) => this.#redact(searched, deadline));
    if (!redacted) return { value: WITHHELD, redactions: 1, bytesCut: 0 };
    if (searched.length === value.length) return { redactions: redacted.redactions, ...cut(redacted.text, this.#bytesMax) };
    if (redacted.text === REDACTED) return { value: REDACTED, redactions: redacted.redactions, bytesCut: 0 };
    const known = redacted.text.slice(0, -this.#bytesMax);
    const kept = cut(known, this.#bytesMax);
    return { ...kept, redactions: redacted.redactions, bytesCut: kept.bytesCut + Buffer.byteLength(redacted.text) - Buffer.byteLength(known) + Buffer.byteLength(value.slice(searched.length)) };
  }

  #redact(value: string, deadline: Deadline): Redacted {
    let { text, redactions } = (this.#keys.size > 0 && redactJson(value, this.#keys, deadline)) || { text: value, redactions: 0 };
    for (const pattern of this.#patterns) {
      const replaced = replaceMatches(pattern, text, deadline);
      text = replaced.text;
      redactions += replaced.redactions;
    }
    return { text, redactions };
  }
}

function cut(text: string, bytesMax: number): { value: string; bytesCut: number } {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return { value: text, bytesCut: 0 };
  const end = characterStart(bytes, bytesMax);
  return { value: decodeUtf8(bytes, 0, end), bytesCut: bytes.length - end };
}

/**
 * RE2 and not JavaScript's own expressions: these can be made to run for hours on a short text, and cannot be stopped (`redaction-time.ts`).
 * @throws DomainError `invalid_redaction_pattern` that names the pattern
 */
function compilePatterns(patterns: readonly string[]): RE2JS[] {
  let instructions = 0;
  return patterns.map((pattern) => {
    const compiled = compilePattern(pattern);
    instructions += compiled.matcher('').programSize();
    if (instructions <= INSTRUCTIONS_MAX) return compiled;
    throw invalidPattern(pattern, `makes the patterns larger than ${INSTRUCTIONS_MAX} instructions: a repetition {n} counts n times, ask for fewer`);
  });
}

function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (cause) {
    throw invalidPattern(pattern, `is not a regular expression in RE2's syntax: ${messageOf(cause)}`, cause);
  }
}

function invalidPattern(pattern: string, why: string, cause?: unknown): DomainError {
  return new DomainError({ kind: 'invalid', code: 'invalid_redaction_pattern', message: `The redaction pattern ${JSON.stringify(pattern)} ${why}`, ...(cause !== undefined && { cause }) });
}

function replaceMatches(pattern: RE2JS, text: string, deadline: Deadline): Redacted {
  // It reads a String object as it reads a string.
  const matcher = pattern.matcher(new TimedText(text, deadline) as unknown as string);
  let redacted = '';
  let from = 0;
  let redactions = 0;
  while (matcher.find()) {
    deadline.check();
    // A pattern that matches nothing redacts nothing.
    if (matcher.end() === matcher.start()) continue;
    redacted += text.slice(from, matcher.start()) + REDACTED;
    from = matcher.end();
    redactions++;
  }
  return { text: redacted + text.slice(from), redactions };
}

// Undefined when the body is no JSON, or has none of the keys: it is then kept to the letter.
function redactJson(value: string, keys: ReadonlySet<string>, deadline: Deadline): Redacted | undefined {
  if (!/^\s*[[{]/.test(value)) return undefined;
  let redactions = 0;
  let redacted: unknown;
  try {
    redacted = JSON.parse(value, (key, member: unknown) => {
      deadline.check();
      if (keys.has(key.toLowerCase())) {
        redactions++;
        return REDACTED;
      }
      // The arguments of a tool's call are JSON in a string within JSON.
      const inner = typeof member === 'string' ? redactJson(member, keys, deadline) : undefined;
      redactions += inner?.redactions ?? 0;
      return inner?.text ?? member;
    });
    return redactions === 0 ? undefined : { text: JSON.stringify(redacted), redactions };
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    // Cut off, by the sender or for the search, or nested too deep: its members cannot be told apart, and what a key names must not be kept for that.
    return isAnyNamed(value, keys) ? { text: REDACTED, redactions: 1 } : undefined;
  }
}

// Escapes of JSON are undone as far as a name can hide in them, however deep in strings within strings it stands.
function isAnyNamed(text: string, keys: ReadonlySet<string>): boolean {
  const plain = text.replace(/\\+u([0-9a-f]{4})/gi, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))).replaceAll('\\', '').toLowerCase();
  return [...keys].map((key) => key.replaceAll('\\', '')).some((key) => plain.includes(`"${key}`) || plain.includes(`'${key}`));
}
