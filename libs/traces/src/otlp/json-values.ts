import { crc32 } from 'node:zlib';
import { attributeValue, type AttributeDraft, type AttributeValue, type PlainValue } from '../rows/attribute-draft.js';
import { attributeName } from '../rows/attribute-name.js';
import { copyId } from '../rows/ids.js';
import { NESTING_MAX, malformed } from './malformed.js';

/*
 * OTLP's JSON encoding (OTLP specification, "JSON Protobuf Encoding"): ids are hex in either case, 64-bit integers are strings or
 * numbers, enums are integers, unknown fields are ignored, and a field at its default may be absent or null.
 *
 * Known gap: a 64-bit integer above 2^53 that is sent as a number has lost its last digits before we see it; the specification's own
 * form, a string, has not.
 */

export type Json = Record<string, unknown>;
const NANOSECONDS_MAX = 0xffff_ffff_ffff_ffffn;
/** A draft's source, where texts are no ranges of the request. */
export const NO_SOURCE = new Uint8Array(0);

export function parseDocument(body: Uint8Array): Json {
  try {
    return objectAt(JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')), 'the document');
  } catch (cause) {
    if (cause instanceof SyntaxError) throw malformed(`it is not JSON (${cause.message})`, cause);
    throw cause;
  }
}

/** A checksum of all that stands there, also of what is not read. What follows another checksum goes on from it. */
export function checksumOf(json: unknown, at: string, before = 0): number {
  try {
    return crc32(JSON.stringify(json), before);
  } catch (cause) {
    // JSON.parse gets down to any depth, in fields that we do not know too, and JSON.stringify does not.
    throw malformed(`${at} is nested too deep`, cause);
  }
}

/** The attributes of a list of KeyValue; those without a name or a value are none. */
export function attributesAt(json: unknown, at: string, take: (name: ReturnType<typeof attributeName>, value: AttributeValue) => void): void {
  for (const [index, item] of listAt(json, at).entries()) {
    const pair = objectAt(item, `${at}[${index}]`);
    const name = textAt(pair['key'], `${at}[${index}].key`);
    const value = anyValueAt(pair['value'], `${at}[${index}].value`, 0);
    if (name === '' || value === undefined) continue;
    take(attributeName(name), attributeValue(value));
  }
}

/** Fills the resource of a group, and gives a checksum of it. */
export function resourceAt(json: unknown, at: string, resource: AttributeDraft): number {
  resource.reset(NO_SOURCE);
  const found = objectAt(json ?? {}, at);
  attributesAt(found['attributes'], `${at}.attributes`, (name, value) => resource.add(name, value));
  return checksumOf(found, at);
}

function anyValueAt(json: unknown, at: string, depth = 0): PlainValue {
  if (json == null) return undefined;
  const any = objectAt(json, at);
  if (any['stringValue'] != null) return textAt(any['stringValue'], `${at}.stringValue`);
  if (any['boolValue'] != null) return booleanAt(any['boolValue'], `${at}.boolValue`);
  if (any['intValue'] != null) return int64At(any['intValue'], `${at}.intValue`);
  if (any['doubleValue'] != null) return doubleAt(any['doubleValue'], `${at}.doubleValue`);
  if (any['bytesValue'] != null) return Buffer.from(textAt(any['bytesValue'], `${at}.bytesValue`), 'base64').toString('base64');
  if (any['arrayValue'] != null) {
    checkDepth(at, depth);
    return listAt(objectAt(any['arrayValue'], at)['values'], at).map((value) => anyValueAt(value, at, depth + 1));
  }
  if (any['kvlistValue'] != null) {
    checkDepth(at, depth);
    return Object.fromEntries(
      listAt(objectAt(any['kvlistValue'], at)['values'], at).map((item) => {
        const pair = objectAt(item, at);
        return [textAt(pair['key'], at), anyValueAt(pair['value'], at, depth + 1)];
      }),
    );
  }
  return undefined;
}

function checkDepth(at: string, depth: number): void {
  if (depth >= NESTING_MAX) throw malformed(`${at} is nested deeper than ${NESTING_MAX}`);
}

export function objectAt(json: unknown, at: string): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(`${at} must be an object`);
  return json as Json;
}

export function listAt(json: unknown, at: string): unknown[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw malformed(`${at} must be a list`);
  return json;
}

export function textAt(json: unknown, at: string): string {
  if (json === undefined || json === null) return '';
  if (typeof json !== 'string') throw malformed(`${at} must be a string`);
  return json;
}

export function integerAt(json: unknown, at: string): number {
  if (json === undefined || json === null) return 0;
  if (!Number.isInteger(json)) throw malformed(`${at} must be an integer (enums are numbers in OTLP JSON)`);
  return json as number;
}

// An int64 beyond 2^53 is kept as its digits: no count that we compute with is that large.
function int64At(json: unknown, at: string): AttributeValue {
  if (!Number.isInteger(json) && (typeof json !== 'string' || !/^-?\d{1,19}$/.test(json))) throw malformed(`${at} must be an integer or its digits`);
  const value = Number(json);
  return Number.isSafeInteger(value) ? value : String(BigInt(json as string | number));
}

// What JSON has no number for is spelt out (ProtoJSON: "NaN", "Infinity", "-Infinity").
function doubleAt(json: unknown, at: string): number {
  // The type comes first: to make a number of a list, JavaScript would make a text of it, as deep as it goes.
  const value = (typeof json === 'string' && json.trim() !== '') || typeof json === 'number' ? Number(json) : undefined;
  if (value === undefined || (Number.isNaN(value) && json !== 'NaN')) throw malformed(`${at} must be a number`);
  return value;
}

function booleanAt(json: unknown, at: string): boolean {
  if (typeof json !== 'boolean') throw malformed(`${at} must be true or false`);
  return json;
}

/** Reads an id into its place, and gives the bytes that it had. */
export function idAt(json: unknown, at: string, target: Buffer): number {
  const bytes = hexAt(json, at);
  return copyId(target, bytes, 0, bytes.length);
}

function hexAt(json: unknown, at: string): Uint8Array {
  const text = textAt(json, at);
  const bytes = Buffer.from(text, 'hex');
  // Node stops at the first character that is no hex digit; an id of another length is a matter for the span, not the batch.
  if (bytes.length * 2 !== text.length) return new Uint8Array(0);
  return bytes;
}

export function nanosecondsAt(json: unknown, at: string): [low: number, high: number] {
  if (json === undefined || json === null) return [0, 0];
  if ((typeof json !== 'string' || !/^\d{1,20}$/.test(json)) && !(typeof json === 'number' && Number.isInteger(json) && json >= 0)) {
    throw malformed(`${at} must be nanoseconds since 1970 as a decimal string`);
  }
  const value = BigInt(json);
  if (value > NANOSECONDS_MAX) throw malformed(`${at} does not fit 64 bits`);
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}
