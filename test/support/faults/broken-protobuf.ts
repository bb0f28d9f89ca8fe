import { bytes, varint } from '../../../libs/traces/src/testing/encode-request.js';
import type { Random } from './random.js';

/*
 * Changes to a protobuf message that keep its lengths right, so that a reader gets far into it before it meets what is wrong: fields that
 * are missing, doubled, of another type or number, nested too deep, and texts that are none.
 */

interface Field {
  number: number;
  wireType: number;
  value: Buffer | Field[];
}

interface Place {
  list: Field[];
  index: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const DEPTH_MAX = 12;

/** A message with one to three of its fields changed. */
export function changedMessage(body: Buffer, random: Random): Buffer {
  const message = parse(body, 0);
  if (!message) return body;
  for (let times = random.pick([1, 1, 1, 2, 3]); times > 0; times--) {
    const places = placesIn(message);
    if (places.length === 0) break;
    // Half of the time a value and not the shape: what is refused at once has looked at little.
    const leaves = random.chance(0.5) ? places.filter(({ list, index }) => !Array.isArray(list[index]?.value)) : [];
    const { list, index } = random.pick(leaves.length > 0 ? leaves : places);
    if (leaves.length > 0) changeValue(list[index] as Field, random);
    else changeShape(list, index, random, random.pick(places));
  }
  return encode(message);
}

function changeValue(field: Field, random: Random): void {
  field.value = valueFor(field.wireType, random);
}

function changeShape(list: Field[], index: number, random: Random, other: Place): void {
  const field = list[index] as Field;
  const found = other.list[other.index] as Field;
  switch (random.below(7)) {
    case 0:
      list.splice(index, 1);
      return;
    case 1:
      list.push(...Array<Field>(random.chance(0.1) ? 150 : random.between(1, 2)).fill(field));
      return;
    case 2:
      field.wireType = random.below(8);
      return;
    case 3:
      field.number = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 2047, 536_870_911]);
      return;
    case 4:
      list[index] = { ...copied(found), number: field.number };
      return;
    case 5:
      list.reverse();
      return;
    default:
      list[index] = { number: field.number, wireType: LENGTH_DELIMITED, value: nested(random.pick([31, 32, 33, 34, 3000])) };
  }
}

function valueFor(wireType: number, random: Random): Buffer {
  if (wireType === VARINT) return varint(random.pick([0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]));
  if (wireType === FIXED64) return random.pick([Buffer.alloc(8), Buffer.alloc(8, 0xff), random.bytes(8), Buffer.from('000000000000f07f', 'hex'), Buffer.from('000000000000f8ff', 'hex')]);
  if (wireType === FIXED32) return random.bytes(4);
  return random.pick([
    () => Buffer.alloc(0),
    () => random.bytes(random.below(64)),
    // Neither the start nor the end of any character, and longer than what is kept of a value.
    () => Buffer.alloc(random.pick([1, 47, 48, 49, 4096, 4097, 5000]), random.pick([0x80, 0xbf, 0xc2, 0xff, 0x00])),
    () => Buffer.concat([Buffer.alloc(4095, 0x61), Buffer.from('🦊', 'utf8').subarray(0, random.between(1, 4)), random.bytes(3)]),
    () => Buffer.from('é'.repeat(random.pick([10, 24, 25, 2048, 2049]))),
    () => Buffer.from(random.pick(['constructor', '__proto__', 'toString', 'event.name', 'gen_ai.conversation.id', 'gen_ai.usage.input_tokens', 'gen_ai.input.messages', 'NaN', '1e999', '-1', '(many)'])),
    () => Buffer.from(`name-${random.below(1_000_000)}`),
  ])();
}

const made = new Map<number, Buffer>();

/** AnyValue in AnyValue, by lists and maps in turn. */
function nested(levels: number): Buffer {
  const known = made.get(levels);
  if (known) return known;
  let value = bytes(1, Buffer.from('core'));
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? bytes(5, bytes(1, value)) : bytes(6, bytes(1, Buffer.concat([bytes(1, Buffer.from('k')), bytes(2, value)])));
  made.set(levels, value);
  return value;
}

// A field may be put into itself.
function copied(field: Field): Field {
  return { ...field, value: Array.isArray(field.value) ? field.value.map(copied) : field.value };
}

function placesIn(message: Field[], into: Place[] = []): Place[] {
  for (const [index, { value }] of message.entries()) {
    into.push({ list: message, index });
    if (Array.isArray(value)) placesIn(value, into);
  }
  return into;
}

/** Undefined when the bytes are no message: then they are a text, or an id. */
function parse(body: Buffer, depth: number): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const readVarint = (): number => {
    for (let scale = 1, value = 0; at < body.length && scale <= 2 ** 28; scale *= 128) {
      const byte = body[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < body.length) {
    const tag = readVarint();
    const [number, wireType] = [tag >>> 3, tag & 7];
    if (tag < 8) return undefined;
    const start = at;
    if (wireType === VARINT) {
      while (at < body.length && (body[at] as number) >= 0x80) at++;
      at++;
    } else if (wireType === FIXED64) at += 8;
    else if (wireType === FIXED32) at += 4;
    else if (wireType === LENGTH_DELIMITED) {
      const length = readVarint();
      if (length < 0 || at + length > body.length) return undefined;
      const content = body.subarray(at, at + length);
      at += length;
      const inner = depth < DEPTH_MAX && length > 0 ? parse(content, depth + 1) : undefined;
      fields.push({ number, wireType, value: inner ?? Buffer.from(content) });
      continue;
    } else return undefined;
    if (at > body.length) return undefined;
    fields.push({ number, wireType, value: Buffer.from(body.subarray(start, at)) });
  }
  return fields;
}

// Measured, and then written from its end, where every length is known when it is needed.
function encode(message: Field[]): Buffer {
  const target = Buffer.allocUnsafe(lengthOf(message));
  writeBefore(message, target, target.length);
  return target;
}

function lengthOf(message: Field[]): number {
  let length = 0;
  for (const { number, wireType, value } of message) {
    const content = Array.isArray(value) ? lengthOf(value) : value.length;
    length += varintLength(number * 8 + wireType) + (wireType === LENGTH_DELIMITED ? varintLength(content) : 0) + content;
  }
  return length;
}

function writeBefore(message: Field[], target: Buffer, end: number): number {
  let at = end;
  for (let index = message.length - 1; index >= 0; index--) {
    const { number, wireType, value } = message[index] as Field;
    const contentEnd = at;
    if (Array.isArray(value)) at = writeBefore(value, target, at);
    else value.copy(target, (at -= value.length));
    if (wireType === LENGTH_DELIMITED) at = writeVarintBefore(contentEnd - at, target, at);
    at = writeVarintBefore(number * 8 + wireType, target, at);
  }
  return at;
}

function varintLength(value: number): number {
  return value < 0x80 ? 1 : 1 + varintLength(Math.floor(value / 128));
}

function writeVarintBefore(value: number, target: Buffer, end: number): number {
  const start = end - varintLength(value);
  let at = start;
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    target[at++] = rest < 0x80 ? rest : (rest % 128) | 0x80;
    if (rest < 0x80) return start;
  }
}
