import { DomainError, messageOf } from '#platform';
import { PbfReader } from 'pbf';
import { SpanDraft, AttributeDraft, EventDraft, type AttributeValue, type PlainValue } from '../rows/span-draft.js';
import { NESTING_MAX, malformed } from './malformed.js';

/*
 * Reads ExportTraceServiceRequest off the wire, field by field, into one reused draft: no object per attribute, none per span.
 * Field numbers: opentelemetry-proto, trace/v1/trace.proto, common/v1/common.proto, resource/v1/resource.proto.
 *
 * `pbf` checks neither that a length stays inside its message nor that a field has the wire type it is read with. So each message checks
 * that it ended where it said it would, and each value is read through a function here that knows its wire type.
 */

/** Called for each span; both drafts are reused afterwards. */
export type SpanSink = (span: SpanDraft, resource: AttributeDraft) => void;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

// A byte order mark is a character like any other, as it is in JSON.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** @throws DomainError `malformed_otlp`; spans seen before the fault have already reached the sink, which must then be discarded. */
export function readProtobuf(body: Uint8Array, sink: SpanSink): void {
  let fault: unknown;
  const guarded: SpanSink = (span, resource) => {
    try {
      sink(span, resource);
    } catch (error) {
      fault = error;
      throw error;
    }
  };
  try {
    new ProtobufReader(body, guarded).request();
  } catch (error) {
    // A fault of the sink is ours; anything else that the reader meets (an endless varint, a cut-off number) is in the bytes.
    if (error === fault || error instanceof DomainError) throw error;
    throw malformed(messageOf(error), error);
  }
}

class ProtobufReader {
  readonly #pbf: PbfReader;
  readonly #sink: SpanSink;
  readonly #span = new SpanDraft();
  readonly #resource = new AttributeDraft();

  constructor(body: Uint8Array, sink: SpanSink) {
    this.#pbf = new PbfReader(body);
    this.#sink = sink;
  }

  request(): void {
    this.#fields(this.#pbf.length, (field) => (field === 1 ? this.#resourceSpans() : this.#skip()));
  }

  // The resource may stand after its spans, so it is looked for first.
  #resourceSpans(): void {
    const pbf = this.#pbf;
    const end = this.#end();
    const start = pbf.pos;
    this.#resource.reset();
    this.#fields(end, (field) => {
      if (field === 1) this.#fields(this.#end(), (inner) => (inner === 1 ? this.#attribute(this.#resource) : this.#skip()));
      else this.#skip();
    });
    pbf.pos = start;
    this.#fields(end, (field) => {
      if (field === 2) this.#fields(this.#end(), (inner) => (inner === 2 ? this.#readSpan() : this.#skip()));
      else this.#skip();
    });
  }

  #readSpan(): void {
    const span = this.#span;
    span.reset();
    this.#fields(this.#end(), (field) => {
      switch (field) {
        case 1:
          return span.setTraceId(this.#bytes());
        case 2:
          return span.setSpanId(this.#bytes());
        case 4:
          return span.setParentSpanId(this.#bytes());
        case 5:
          span.name = this.#string();
          return;
        case 6:
          span.kind = this.#varint();
          return;
        case 7:
          [span.startLow, span.startHigh] = this.#fixed64();
          return;
        case 8:
          [span.endLow, span.endHigh] = this.#fixed64();
          return;
        case 9:
          return this.#attribute(span.attributes);
        case 11:
          span.events.push(this.#event());
          return;
        case 15:
          return this.#status(span);
        default:
          return this.#skip();
      }
    });
    this.#sink(span, this.#resource);
  }

  #status(span: SpanDraft): void {
    this.#fields(this.#end(), (field) => {
      if (field === 2) span.statusMessage = this.#string();
      else if (field === 3) span.statusCode = this.#varint();
      else this.#skip();
    });
  }

  #event(): EventDraft {
    const event = new EventDraft();
    this.#fields(this.#end(), (field) => {
      if (field === 1) [event.timeLow, event.timeHigh] = this.#fixed64();
      else if (field === 2) event.name = this.#string();
      else if (field === 3) this.#attribute(event);
      else this.#skip();
    });
    return event;
  }

  #attribute(draft: AttributeDraft | EventDraft): void {
    this.#keyValue((name, value) => draft.add(name, value));
  }

  #keyValue(take: (name: string, value: AttributeValue) => void): void {
    let name = '';
    let value: PlainValue;
    this.#fields(this.#end(), (field) => {
      if (field === 1) name = this.#string();
      else if (field === 2) value = this.#anyValue(0);
      else this.#skip();
    });
    if (name !== '' && value !== undefined) take(name, typeof value === 'object' ? JSON.stringify(value) : value);
  }

  #anyValue(depth: number): PlainValue {
    let value: PlainValue;
    this.#fields(this.#end(), (field) => {
      if (field === 1) value = this.#string();
      else if (field === 2) value = this.#varint() !== 0;
      else if (field === 3) value = this.#int64();
      else if (field === 4) value = this.#double();
      else if (field === 5) value = this.#list(depth + 1);
      else if (field === 6) value = this.#map(depth + 1);
      else if (field === 7) value = Buffer.from(this.#bytes()).toString('base64');
      else this.#skip();
    });
    return value;
  }

  #list(depth: number): PlainValue[] {
    if (depth > NESTING_MAX) throw malformed(`an attribute is nested deeper than ${NESTING_MAX}`);
    const values: PlainValue[] = [];
    this.#fields(this.#end(), (field) => {
      if (field === 1) values.push(this.#anyValue(depth));
      else this.#skip();
    });
    return values;
  }

  #map(depth: number): Record<string, PlainValue> {
    if (depth > NESTING_MAX) throw malformed(`an attribute is nested deeper than ${NESTING_MAX}`);
    const entries: [string, PlainValue][] = [];
    this.#fields(this.#end(), (field) => {
      if (field !== 1) return this.#skip();
      let name = '';
      let value: PlainValue;
      this.#fields(this.#end(), (inner) => {
        if (inner === 1) name = this.#string();
        else if (inner === 2) value = this.#anyValue(depth);
        else this.#skip();
      });
      entries.push([name, value]);
    });
    return Object.fromEntries(entries);
  }

  // An int64 beyond 2^53 is kept as its digits: no count that we compute with is that large.
  #int64(): AttributeValue {
    const pbf = this.#pbf;
    const start = pbf.pos;
    const value = this.#varint(true);
    if (Number.isSafeInteger(value)) return value;
    let digits = 0n;
    for (let at = pbf.pos - 1; at >= start; at--) digits = (digits << 7n) | BigInt((pbf.buf[at] ?? 0) & 0x7f);
    return String(BigInt.asIntN(64, digits));
  }

  #varint(isSigned = false): number {
    this.#expect(VARINT);
    return this.#pbf.readVarint(isSigned);
  }

  #double(): number {
    this.#expect(FIXED64);
    return this.#pbf.readDouble();
  }

  /** As two halves: times in nanoseconds do not fit a double. */
  #fixed64(): [low: number, high: number] {
    this.#expect(FIXED64);
    return [this.#pbf.readFixed32(), this.#pbf.readFixed32()];
  }

  #string(): string {
    const bytes = this.#bytes();
    const { length } = bytes;
    if (length > 24) return UTF8.decode(bytes);
    let text = '';
    for (let index = 0; index < length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte > 127) return UTF8.decode(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #bytes(): Uint8Array {
    const pbf = this.#pbf;
    const end = this.#end();
    const bytes = pbf.buf.subarray(pbf.pos, end);
    pbf.pos = end;
    return bytes;
  }

  /** Reads a length and returns where what it measures ends. */
  #end(): number {
    const pbf = this.#pbf;
    this.#expect(LENGTH_DELIMITED);
    const end = pbf.readVarint() + pbf.pos;
    if (!(end <= pbf.length)) throw malformed('the protobuf is cut off');
    return end;
  }

  #expect(wireType: number): void {
    if (this.#pbf.type !== wireType) throw malformed('a field has the wrong wire type');
  }

  #skip(): void {
    this.#pbf.skip(this.#pbf.type);
  }

  #fields(end: number, read: (field: number) => void): void {
    const pbf = this.#pbf;
    while (pbf.pos < end) {
      const field = pbf.nextField(end);
      if (field === 0) throw malformed('a field has no number');
      read(field);
    }
    if (pbf.pos !== end) throw malformed('a message is longer than it says');
  }
}
