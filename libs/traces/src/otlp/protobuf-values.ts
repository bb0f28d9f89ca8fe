import { crc32 } from 'node:zlib';
import { attributeValue, type AttributeDraft, type PlainValue } from '../rows/attribute-draft.js';
import { attributeName } from '../rows/attribute-name.js';
import { copyId } from '../rows/ids.js';
import { TextCache } from '../text/text-cache.js';
import { LENGTH_DELIMITED, type WireReader } from './wire-reader.js';

/*
 * What spans and log records are made of, off the wire (opentelemetry-proto, common/v1/common.proto, resource/v1/resource.proto):
 * KeyValue { 1 key, 2 value }, AnyValue { 1 string, 2 bool, 3 int, 4 double, 5 array, 6 list of KeyValue, 7 bytes }, Resource { 1 attributes }.
 */

const names = new TextCache(attributeName);
const NO_NAME = attributeName('');

/** Reads one KeyValue into a draft. A string is not decoded: the draft takes where it stands. */
export function readAttribute(wire: WireReader, draft: AttributeDraft): void {
  const end = wire.end();
  let name = NO_NAME;
  // The value may stand before its name, so it is read when both are known.
  let valueAt = -1;
  let valueEnd = -1;
  while (wire.next(end)) {
    if (wire.field === 1) {
      const nameEnd = wire.end();
      if (nameEnd > wire.at) name = names.get(wire.bytes, wire.at, nameEnd);
      wire.at = nameEnd;
    } else if (wire.field === 2) {
      valueEnd = wire.end();
      valueAt = wire.at;
      wire.at = valueEnd;
    } else wire.skip();
  }
  if (valueAt < 0 || name === NO_NAME) return;
  wire.at = valueAt;
  readValueInto(wire, valueEnd, draft, name);
  wire.at = end;
}

/** Reads one KeyValue as it was sent: of events and log records, and within maps, which are few next to the attributes of spans. */
export function readKeyValue(wire: WireReader, depth = 0): [name: string, value: PlainValue] {
  const end = wire.end();
  let name = '';
  let value: PlainValue;
  while (wire.next(end)) {
    if (wire.field === 1) name = readText(wire);
    else if (wire.field === 2) value = readAnyValue(wire, wire.end(), depth);
    else wire.skip();
  }
  return [name, value];
}

/** Fills the resource of a group that ends at `end`, and gives a checksum of it. */
export function readResource(wire: WireReader, end: number, resource: AttributeDraft): number {
  resource.reset(wire.bytes);
  let checksum = 0;
  while (wire.next(end)) {
    if (wire.field !== 1) {
      wire.skip();
      continue;
    }
    const resourceEnd = wire.end();
    checksum = crc32(wire.bytes.subarray(wire.at, resourceEnd), checksum);
    while (wire.next(resourceEnd)) {
      if (wire.field === 1) readAttribute(wire, resource);
      else wire.skip();
    }
  }
  return checksum;
}

/** Reads an id into its place, and gives the bytes that it had. */
export function readId(wire: WireReader, target: Buffer): number {
  const end = wire.end();
  const length = copyId(target, wire.bytes, wire.at, end);
  wire.at = end;
  return length;
}

export function readText(wire: WireReader): string {
  const end = wire.end();
  const text = wire.text(wire.at, end);
  wire.at = end;
  return text;
}

function readValueInto(wire: WireReader, end: number, draft: AttributeDraft, name: ReturnType<typeof attributeName>): void {
  if (!draft.wants(name)) {
    wire.at = end;
    return;
  }
  const start = wire.at;
  // Nearly every value is a string and nothing else.
  if (wire.next(end) && wire.field === 1 && wire.wireType === LENGTH_DELIMITED) {
    const textEnd = wire.end();
    if (textEnd === end) {
      draft.addRange(name, wire.at, textEnd);
      wire.at = end;
      return;
    }
  }
  wire.at = start;
  const value = readAnyValue(wire, end, 0);
  if (value !== undefined) draft.add(name, attributeValue(value));
}

// The value of an AnyValue that ends at `end`; of several fields set the last, as protobuf has it for a oneof.
function readAnyValue(wire: WireReader, end: number, depth: number): PlainValue {
  let value: PlainValue;
  while (wire.next(end)) {
    if (wire.field === 1) value = readText(wire);
    else if (wire.field === 2) value = wire.bool();
    else if (wire.field === 3) value = wire.int64();
    else if (wire.field === 4) value = wire.double();
    else if (wire.field === 5) value = readList(wire, depth + 1);
    else if (wire.field === 6) value = readMap(wire, depth + 1);
    else if (wire.field === 7) value = readBase64(wire);
    else wire.skip();
  }
  return value;
}

function readBase64(wire: WireReader): string {
  const end = wire.end();
  const text = wire.bytes.toString('base64', wire.at, end);
  wire.at = end;
  return text;
}

function readList(wire: WireReader, depth: number): PlainValue[] {
  wire.checkDepth(depth);
  const end = wire.end();
  const values: PlainValue[] = [];
  while (wire.next(end)) {
    if (wire.field === 1) values.push(readAnyValue(wire, wire.end(), depth));
    else wire.skip();
  }
  return values;
}

function readMap(wire: WireReader, depth: number): Record<string, PlainValue> {
  wire.checkDepth(depth);
  const end = wire.end();
  const entries: [string, PlainValue][] = [];
  while (wire.next(end)) {
    if (wire.field === 1) entries.push(readKeyValue(wire, depth));
    else wire.skip();
  }
  return Object.fromEntries(entries);
}
