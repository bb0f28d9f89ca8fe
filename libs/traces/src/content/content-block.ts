import { MANY } from '../native/columns.js';
import { NativeBlock } from '../native/native-block.js';
import type { SpanDraft } from '../rows/span-draft.js';
import type { ContentPolicy } from './content-policy.js';
import type { RedactionTime } from './redaction-time.js';

/** Rows of `span_contents`: what people and models said, apart from everything else, so that it can be kept shorter and be erased. */
export class ContentBlock extends NativeBlock {
  readonly organizationId = this.lowCardinality('organization_id');
  readonly traceId = this.fixed('trace_id', 'FixedString(16)');
  readonly spanId = this.fixed('span_id', 'FixedString(8)');
  readonly startedAt = this.fixed('started_at', "DateTime64(9, 'UTC')");
  readonly ingestedAt = this.fixed('ingested_at', "DateTime64(3, 'UTC')");
  readonly name = this.lowCardinality('name');
  readonly value = this.string('value');
  readonly redactions = this.fixed('redactions', 'UInt32');
  readonly bytesCut = this.fixed('bytes_cut', 'UInt32');
  readonly retentionDays = this.fixed('retention_days', 'UInt16');
}

export interface ContentRowContext {
  organizationId: string;
  ingestedAtMs: number;
  contentPolicy: ContentPolicy;
  redactionTime: RedactionTime;
  contentRetentionDays: number;
  /** Whether the column of names takes another one. */
  admitsName: (name: string) => boolean;
}

/**
 * Appends a row for each message body of a span. Two events of a span may have bodies of the same name: a name and the span are the row's
 * identity, so that the second is called `name#2`. So is a second one whose name is not admitted: `(many)#2`.
 */
export function writeContentRows(block: ContentBlock, span: SpanDraft, context: ContentRowContext): void {
  const { contentNames, contentValues } = span.attributes;
  const seen = new Map<string, number>();
  const numbered = (name: string) => {
    const place = (seen.get(name) ?? 0) + 1;
    seen.set(name, place);
    return place === 1 ? name : `${name}#${place}`;
  };
  for (const [index, name] of contentNames.entries()) {
    const ownName = numbered(name);
    // What is redacted goes by the name that was sent.
    const kept = context.contentPolicy.apply(name, contentValues[index] ?? '', context.redactionTime);
    block.organizationId.text(context.organizationId);
    block.traceId.values.bytes(span.traceId);
    block.spanId.values.bytes(span.spanId);
    block.startedAt.values.u64(span.startLow, span.startHigh);
    block.ingestedAt.values.integer(context.ingestedAtMs);
    block.name.text(context.admitsName(ownName) ? ownName : numbered(MANY));
    block.value.text(kept.value);
    block.redactions.values.u32(kept.redactions);
    block.bytesCut.values.u32(kept.bytesCut);
    block.retentionDays.values.u16(context.contentRetentionDays);
    block.endRow();
  }
}
