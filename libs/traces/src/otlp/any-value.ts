import { attributeName } from '../rows/attribute-name.js';
import type { AttributeDraft, PlainValue } from '../rows/attribute-draft.js';
import type { EventDraft } from '../rows/span-draft.js';
import { TextCache } from './text-cache.js';
import { LENGTH_DELIMITED, type WireReader } from './wire-reader.js';

/*
 * Attributes off the wire (opentelemetry-proto, common/v1/common.proto): KeyValue { 1 key, 2 value }, AnyValue { 1 string, 2 bool, 3 int,
 * 4 double, 5 array, 6 list of KeyValue, 7 bytes }.
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

/** Reads one KeyValue of an event. */
export function readEventAttribute(wire: WireReader, event: EventDraft): void {
  const end = wire.end();
  let name = '';
  let value: PlainValue;
  while (wire.next(end)) {
    if (wire.field === 1) name = readText(wire);
    else if (wire.field === 2) value = readAnyValue(wire, wire.end(), 0);
    else wire.skip();
  }
  if (name !== '' && value !== undefined) event.add(attributeName(name), typeof value === 'object' ? JSON.stringify(value) : value);
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
  if (value !== undefined) draft.add(name, typeof value === 'object' ? JSON.stringify(value) : value);
}

/** The value of an AnyValue that ends at `end`; of several fields set the last, as protobuf has it for a oneof. */
export function readAnyValue(wire: WireReader, end: number, depth: number): PlainValue {
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
    if (wire.field !== 1) {
      wire.skip();
      continue;
    }
    const pairEnd = wire.end();
    let name = '';
    let value: PlainValue;
    while (wire.next(pairEnd)) {
      if (wire.field === 1) name = readText(wire);
      else if (wire.field === 2) value = readAnyValue(wire, wire.end(), depth);
      else wire.skip();
    }
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
