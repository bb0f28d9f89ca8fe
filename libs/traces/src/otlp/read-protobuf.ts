import { DomainError, messageOf } from '#platform';
import { PbfReader } from 'pbf';
import { SpanDraft, AttributeDraft, type AttributeValue, type EventDraft } from '../rows/span-draft.js';
import { malformed } from './malformed.js';

/*
 * Reads ExportTraceServiceRequest off the wire, field by field, into one reused draft: no object per attribute, none per span.
 * Field numbers: opentelemetry-proto, trace/v1/trace.proto, common/v1/common.proto, resource/v1/resource.proto.
 *
 * `pbf` does not check that a length stays inside its message, so each message checks that it ended where it said it would.
 */

/** Called for each span; both drafts are reused afterwards. */
export type SpanSink = (span: SpanDraft, resource: AttributeDraft) => void;

const NESTING_MAX = 32;
const UTF8 = new TextDecoder('utf-8');

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
    this.#fields(this.#end(), (field, pbf) => {
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
          span.kind = pbf.readVarint();
          return;
        case 7:
          span.startLow = pbf.readFixed32();
          span.startHigh = pbf.readFixed32();
          return;
        case 8:
          span.endLow = pbf.readFixed32();
          span.endHigh = pbf.readFixed32();
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
    this.#fields(this.#end(), (field, pbf) => {
      if (field === 2) span.statusMessage = this.#string();
      else if (field === 3) span.statusCode = pbf.readVarint();
      else this.#skip();
    });
  }

  #event(): EventDraft {
    const event: EventDraft = { timeLow: 0, timeHigh: 0, name: '', attributes: [] };
    this.#fields(this.#end(), (field, pbf) => {
      if (field === 1) {
        event.timeLow = pbf.readFixed32();
        event.timeHigh = pbf.readFixed32();
      } else if (field === 2) event.name = this.#string();
      else if (field === 3) this.#keyValue((name, value) => event.attributes.push([name, String(value)]));
      else this.#skip();
    });
    return event;
  }

  #attribute(draft: AttributeDraft): void {
    this.#keyValue((name, value) => draft.add(name, value));
  }

  #keyValue(take: (name: string, value: AttributeValue) => void): void {
    let name = '';
    let value: AttributeValue | undefined;
    this.#fields(this.#end(), (field) => {
      if (field === 1) name = this.#string();
      else if (field === 2) value = this.#anyValue(0);
      else this.#skip();
    });
    if (name !== '' && value !== undefined) take(name, value);
  }

  #anyValue(depth: number): AttributeValue | undefined {
    let value: AttributeValue | undefined;
    this.#fields(this.#end(), (field, pbf) => {
      if (field === 1) value = this.#string();
      else if (field === 2) value = pbf.readBoolean();
      else if (field === 3) value = this.#int64();
      else if (field === 4) value = pbf.readDouble();
      else if (field === 5) value = JSON.stringify(this.#list(depth + 1));
      else if (field === 6) value = JSON.stringify(this.#map(depth + 1));
      else if (field === 7) value = Buffer.from(this.#bytes()).toString('base64');
      else this.#skip();
    });
    return value;
  }

  #list(depth: number): unknown[] {
    if (depth > NESTING_MAX) throw malformed(`an attribute is nested deeper than ${NESTING_MAX}`);
    const values: unknown[] = [];
    this.#fields(this.#end(), (field) => {
      if (field === 1) values.push(this.#anyValue(depth));
      else this.#skip();
    });
    return values;
  }

  #map(depth: number): Record<string, unknown> {
    if (depth > NESTING_MAX) throw malformed(`an attribute is nested deeper than ${NESTING_MAX}`);
    const entries: [string, unknown][] = [];
    this.#fields(this.#end(), (field) => {
      if (field !== 1) return this.#skip();
      let name = '';
      let value: unknown;
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
    const value = this.#pbf.readVarint(true);
    return Number.isSafeInteger(value) ? value : String(value);
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
    if (pbf.type !== 2) throw malformed('a field has the wrong wire type');
    const end = this.#end();
    const bytes = pbf.buf.subarray(pbf.pos, end);
    pbf.pos = end;
    return bytes;
  }

  /** Reads a length and returns where what it measures ends. */
  #end(): number {
    const pbf = this.#pbf;
    if (pbf.type !== 2) throw malformed('a field has the wrong wire type');
    const end = pbf.readVarint() + pbf.pos;
    if (!(end <= pbf.length)) throw malformed('the protobuf is cut off');
    return end;
  }

  #skip(): void {
    this.#pbf.skip(this.#pbf.type);
  }

  #fields(end: number, read: (field: number, pbf: PbfReader) => void): void {
    const pbf = this.#pbf;
    for (let field = pbf.nextField(end); field !== 0; field = pbf.nextField(end)) read(field, pbf);
    if (pbf.pos !== end) throw malformed('a message is longer than it says');
  }
}
