import { DomainError, messageOf } from '#platform';
import type { SignalKind } from '../queries/conversation-signals.query.js';
import { attributeName, isNameTooLong } from '../rows/attribute-name.js';
import { readRfc3339 } from './rfc3339.js';

/** A signal as it was sent, checked. All of it is JSON: it is kept as such under its id. */
export interface SentSignal {
  id: string;
  kind: SignalKind;
  name: string;
  source: string;
  value: string;
  conversationId: string;
  /** Lower case hex; '' for none. */
  traceId: string;
  spanId: string;
  /** Nanoseconds since 1970, as digits. */
  atNs: string;
  attributes: Record<string, string>;
}

/** What is wrong with one record of a request, and what would be right. */
export interface SignalProblem {
  /** Its place among the records, from 0. */
  index: number;
  /** As it was sent; null where it has none that can be shown. */
  id: string | null;
  problem: string;
}

export interface SignalRules {
  /** The moments that a signal may be of; epoch milliseconds. */
  window: { fromMs: number; untilMs: number };
  attributesMax: number;
  attributeBytesMax: number;
  /** When the records came: the time of those that do not say. */
  nowMs: number;
}

export type SignalBody = 'json' | 'lines';

const KINDS: readonly string[] = ['signal', 'handoff', 'end', 'verdict', 'exposure'] satisfies SignalKind[];
const SOURCES: readonly string[] = ['system', 'customer', 'agent', 'human'];
const FIELDS = ['id', 'kind', 'name', 'source', 'value', 'conversationId', 'traceId', 'spanId', 'at', 'attributes'];
/** What an event of these kinds is called on a span. */
const NAME_OF_KIND: Readonly<Record<string, string>> = { handoff: 'handoff', end: 'conversation_end' };
const EXAMPLE = '{"id": "refund-17", "name": "refund_issued", "source": "system", "conversationId": "..."}';
const CHARS_MAX = 200;
const RECORDS_MAX = 10_000;
const SHOWN_CHARS_MAX = 100;
// A record of a few hundred bytes can be wrong in more than a hundred places: without a bound the answer is many times the request.
const SHOWN_PROBLEMS_MAX = 5;

/**
 * The records of a body, not checked one by one: `{"signals": [...]}`, an array, or a record a line.
 * @throws DomainError `malformed_signals`, `too_many_signals`
 */
export function signalRecordsOf(body: Uint8Array, form: SignalBody): unknown[] {
  const text = decode(body);
  const records = form === 'lines' ? linesOf(text) : listIn(parse(text));
  if (records.length > RECORDS_MAX) {
    throw new DomainError({ kind: 'too_large', code: 'too_many_signals', message: `The request has ${records.length} signals: send at most ${RECORDS_MAX} at a time` });
  }
  return records;
}

/** Each record by itself: those that can be kept, and what is wrong with the others. */
export function readSignals(records: readonly unknown[], rules: SignalRules): { signals: SentSignal[]; rejected: SignalProblem[] } {
  const signals: SentSignal[] = [];
  const rejected: SignalProblem[] = [];
  for (const [index, record] of records.entries()) {
    const problems: string[] = [];
    const signal = isObject(record) ? readSignal(record, rules, problems) : undefined;
    if (!signal) problems.push(`it is ${shown(record)}: send an object such as ${EXAMPLE}`);
    if (signal && problems.length === 0) signals.push(signal);
    else rejected.push({ index, id: signal?.id ? signal.id.slice(0, CHARS_MAX) : null, problem: listed(problems) });
  }
  return { signals, rejected };
}

function readSignal(fields: Readonly<Record<string, unknown>>, rules: SignalRules, problems: string[]): SentSignal {
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) problems.push(`"${unknown.slice(0, SHOWN_CHARS_MAX)}" is no field of a signal: its fields are ${FIELDS.join(', ')}`);
  const read = new FieldReader(fields, problems);
  const kind = (read.oneOf('kind', KINDS, 'optional') || 'signal') as SignalKind;
  const signal: SentSignal = {
    id: read.text('id', 'required'),
    kind,
    name: read.text('name', kind in NAME_OF_KIND ? 'optional' : 'required') || (NAME_OF_KIND[kind] ?? ''),
    source: read.oneOf('source', SOURCES, 'required'),
    value: read.scalar('value', fields['value'], rules.attributeBytesMax),
    conversationId: read.text('conversationId', 'optional'),
    traceId: read.hex('traceId', 32),
    spanId: read.hex('spanId', 16),
    atNs: read.time('at', rules),
    attributes: read.attributes(rules),
  };
  if (fields['traceId'] === undefined && fields['conversationId'] === undefined) problems.push('it names neither a conversation nor a trace: give conversationId or traceId');
  if (fields['traceId'] === undefined && fields['spanId'] !== undefined) problems.push('spanId names no span without traceId: give both');
  if (kind === 'verdict') addVerdict(signal.attributes, fields['value']);
  return signal;
}

/** Takes fields one by one, and notes what is wrong with each. */
class FieldReader {
  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly problems: string[],
  ) {}

  text(name: string, need: 'required' | 'optional'): string {
    const value = this.fields[name];
    if (value === undefined && need === 'optional') return '';
    const right = `${name} must be a text of 1 to ${CHARS_MAX} characters`;
    if (value === undefined) this.problems.push(`${name} is missing: ${right}`);
    else if (typeof value !== 'string') this.problems.push(`${right}, and is ${shown(value)}`);
    else if (value.length === 0 || value.length > CHARS_MAX) this.problems.push(`${right}, and has ${value.length}`);
    else this.#checkCharacters(name, value);
    return typeof value === 'string' ? value : '';
  }

  oneOf(name: string, allowed: readonly string[], need: 'required' | 'optional'): string {
    const value = this.fields[name];
    if (value === undefined && need === 'optional') return '';
    if (typeof value === 'string' && allowed.includes(value)) return value;
    this.problems.push(`${name} ${value === undefined ? 'is missing' : `is ${shown(value)}`}: it must be ${allowed.join(', ')}`);
    return '';
  }

  hex(name: string, digits: number): string {
    const value = this.fields[name];
    if (value === undefined) return '';
    if (typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/i.test(value) && /[^0]/.test(value)) return value.toLowerCase();
    this.problems.push(`${name} is ${shown(value)}: it must be ${digits} hex digits that are not all zero`);
    return '';
  }

  time(name: string, { window, nowMs }: SignalRules): string {
    const value = this.fields[name];
    if (value === undefined) return String(BigInt(nowMs) * 1_000_000n);
    const ns = typeof value === 'string' ? readRfc3339(value) : undefined;
    if (ns === undefined) {
      this.problems.push(`${name} is ${shown(value)}: it must be a time as 2026-11-01T12:00:00Z (RFC 3339)`);
      return '';
    }
    const fromMs = Math.max(0, window.fromMs);
    if (ns < BigInt(fromMs) * 1_000_000n) this.problems.push(`${name} is before ${new Date(fromMs).toISOString()}, the oldest that is taken (INGEST_SPAN_AGE_DAYS_MAX)`);
    else if (ns > BigInt(window.untilMs) * 1_000_000n) this.problems.push(`${name} is after ${new Date(window.untilMs).toISOString()}, the latest that is taken (INGEST_SPAN_AHEAD_MS_MAX): check the sender's clock`);
    return String(ns);
  }

  scalar(name: string, value: unknown, bytesMax: number): string {
    if (value === undefined) return '';
    // JSON has no infinity, and yet 1e999 is read as one.
    if ((typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') || value === Infinity || value === -Infinity) {
      this.problems.push(`${name} is ${shown(value)}: it must be a text, a number, true or false`);
      return '';
    }
    const text = String(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > bytesMax) this.problems.push(`${name} has ${bytes} bytes: at most ${bytesMax} are taken (INGEST_ATTRIBUTE_BYTES_MAX)`);
    else this.#checkCharacters(name, text);
    return text;
  }

  attributes({ attributesMax, attributeBytesMax }: SignalRules): Record<string, string> {
    const value = this.fields['attributes'];
    if (value === undefined) return {};
    if (!isObject(value)) {
      this.problems.push(`attributes is ${shown(value)}: it must be an object of texts, numbers, true and false`);
      return {};
    }
    const entries = Object.entries(value);
    if (entries.length > attributesMax) this.problems.push(`it has ${entries.length} attributes: at most ${attributesMax} are taken (INGEST_ATTRIBUTES_MAX)`);
    const attributes = Object.create(null) as Record<string, string>;
    for (const [key, item] of entries.slice(0, attributesMax)) {
      const name = attributeName(key);
      const shownName = `attributes.${key.slice(0, SHOWN_CHARS_MAX)}`;
      if (name.isSecret) this.problems.push(`${shownName} is a credential, which is stored nowhere: leave it out`);
      else if (name.isContent) this.problems.push(`${shownName} is a message body, which signals do not keep: leave it out`);
      else if (isNameTooLong(name)) this.problems.push(`${shownName}... is too long for a name`);
      else this.#checkCharacters('the name of an attribute', key);
      attributes[key] = this.scalar(shownName, item, attributeBytesMax);
    }
    return attributes;
  }

  // What the stores cannot hold, or would hold as another text: an id must come out as it went in.
  #checkCharacters(name: string, text: string): void {
    if (text.includes('\0') || !text.isWellFormed()) this.problems.push(`${name} holds a NUL character or half of a surrogate pair, which cannot be stored: send it without`);
  }
}

// Facts read a verdict's label and score where the event `gen_ai.evaluation.result` has them.
function addVerdict(attributes: Record<string, string>, value: unknown): void {
  if (typeof value === 'string') attributes['gen_ai.evaluation.score.label'] ??= value;
  else if (typeof value === 'number' || typeof value === 'boolean') attributes['gen_ai.evaluation.score.value'] ??= String(Number(value));
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw malformed('The body is not UTF-8', cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(`The body is not JSON (${messageOf(cause)})`, cause);
  }
}

function listIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value) && Array.isArray(value['signals'])) return value['signals'];
  throw malformed('The body holds no list of signals');
}

// A line that is no JSON is no object either, and told as such: the others are read.
function linesOf(text: string): unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return line;
    }
  });
}

function malformed(what: string, cause?: unknown): DomainError {
  return new DomainError({ kind: 'invalid', code: 'malformed_signals', message: `${what}: send {"signals": [${EXAMPLE}]}`, cause });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listed(problems: readonly string[]): string {
  const more = problems.length - SHOWN_PROBLEMS_MAX;
  return [...problems.slice(0, SHOWN_PROBLEMS_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text;
}
