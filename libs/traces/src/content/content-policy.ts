import { RE2JS } from 're2js';
import { DomainError, messageOf } from '#platform';
import { characterStart, decodeUtf8 } from '../text/utf8.js';

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

/** A body as it may be stored. */
export interface KeptContent {
  value: string;
  /** Places that were replaced. */
  redactions: number;
  /** Bytes that were cut from its end. */
  bytesCut: number;
}

/** Rules made ready once, for the bodies of many spans. */
export class ContentPolicy {
  readonly #patterns: readonly RE2JS[];
  readonly #keys: ReadonlySet<string>;
  readonly #bytesMax: number;

  /** @throws DomainError `invalid_redaction_pattern` */
  constructor(settings: Pick<TelemetrySettings, 'redactPatterns' | 'redactKeys' | 'contentBytesMax'>) {
    this.#patterns = settings.redactPatterns.map(compilePattern);
    this.#keys = new Set(settings.redactKeys.map((key) => key.toLowerCase()));
    this.#bytesMax = settings.contentBytesMax;
  }

  /** Redacts first and cuts then: a cut must not hide half of what a pattern would have found. */
  apply(name: string, value: string): KeptContent {
    if (this.#keys.has(name.toLowerCase())) return { value: REDACTED, redactions: 1, bytesCut: 0 };
    let redactions = 0;
    let text = value;
    if (this.#keys.size > 0) {
      const redacted = redactJson(value, this.#keys);
      if (redacted) ({ text, redactions } = redacted);
    }
    for (const pattern of this.#patterns) {
      const replaced = replaceMatches(pattern, text);
      text = replaced.text;
      redactions += replaced.redactions;
    }
    const bytes = Buffer.from(text);
    if (bytes.length <= this.#bytesMax) return { value: text, redactions, bytesCut: 0 };
    const end = characterStart(bytes, this.#bytesMax);
    return { value: decodeUtf8(bytes, 0, end), redactions, bytesCut: bytes.length - end };
  }
}

/**
 * RE2 and not JavaScript's own expressions: these can be made to run for hours on a short text, and one organization's pattern must not hold
 * up what others send. RE2 looks for one match in time proportional to the text; `PATTERN_MS_MAX` bounds the search for all of them.
 * @throws DomainError `invalid_redaction_pattern` that names the pattern
 */
function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'invalid_redaction_pattern', message: `The redaction pattern ${JSON.stringify(pattern)} is not a regular expression in RE2's syntax: ${messageOf(cause)}`, cause });
  }
}

// Each of many matches may look through the whole rest of the text (`a.*b|a`: 11 s for 16 KiB of a).
const PATTERN_MS_MAX = 50;

function replaceMatches(pattern: RE2JS, text: string): { text: string; redactions: number } {
  const deadline = performance.now() + PATTERN_MS_MAX;
  const matcher = pattern.matcher(text);
  let redacted = '';
  let from = 0;
  let redactions = 0;
  while (matcher.find()) {
    // A pattern that matches nothing redacts nothing.
    if (matcher.end() === matcher.start()) continue;
    redacted += text.slice(from, matcher.start()) + REDACTED;
    from = matcher.end();
    redactions++;
    // What there was no time to look through is not kept.
    if (performance.now() > deadline) return { text: redacted + REDACTED, redactions: redactions + 1 };
  }
  return { text: redacted + text.slice(from), redactions };
}

// Undefined when the body is no JSON, or has none of the keys: it is then kept to the letter.
function redactJson(value: string, keys: ReadonlySet<string>): { text: string; redactions: number } | undefined {
  if (!/^\s*[[{]/.test(value)) return undefined;
  let redactions = 0;
  try {
    const redacted: unknown = JSON.parse(value, (key, member: unknown) => {
      if (keys.has(key.toLowerCase())) {
        redactions++;
        return REDACTED;
      }
      // The arguments of a tool's call are JSON in a string within JSON.
      const inner = typeof member === 'string' ? redactJson(member, keys) : undefined;
      redactions += inner?.redactions ?? 0;
      return inner?.text ?? member;
    });
    return redactions === 0 ? undefined : { text: JSON.stringify(redacted), redactions };
  } catch {
    // Cut off by the sender, or nested too deep: its members cannot be told apart, and what a key names must not be kept for that.
    return isAnyNamed(value, keys) ? { text: REDACTED, redactions: 1 } : undefined;
  }
}

function isAnyNamed(text: string, keys: ReadonlySet<string>): boolean {
  const lower = text.toLowerCase();
  return [...keys].some((key) => lower.includes(`"${key}`) || lower.includes(`'${key}`));
}
