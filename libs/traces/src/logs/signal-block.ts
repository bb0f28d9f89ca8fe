import { createHash } from 'node:crypto';
import { canonicalJson } from '#platform';
import { SLOT } from '../convention-index.js';
import { isCredibleTime, isStorableTime, type TimeWindow } from '../limits/time-window.js';
import { NativeBlock } from '../native/native-block.js';
import type { AttributeDraft } from '../rows/attribute-draft.js';
import { isZero } from '../rows/ids.js';
import type { LogDraft } from './log-draft.js';
import { EVENT_NAMES, signalOf } from './signal-of.js';

/** Rows of `signals` that came as log records. */
export class SignalBlock extends NativeBlock {
  readonly organizationId = this.lowCardinality('organization_id');
  readonly signalId = this.string('signal_id');
  readonly traceId = this.fixed('trace_id', 'FixedString(16)');
  readonly spanId = this.fixed('span_id', 'FixedString(8)');
  readonly conversationId = this.string('conversation_id');
  readonly customerId = this.string('customer_id');
  readonly at = this.fixed('at', "DateTime64(9, 'UTC')");
  readonly kind = this.lowCardinality('kind');
  readonly name = this.lowCardinality('name');
  readonly source = this.lowCardinality('source');
  readonly value = this.string('value');
  readonly attributes = this.map('attributes');
  readonly ingestedAt = this.fixed('ingested_at', "DateTime64(3, 'UTC')");
  readonly origin = this.lowCardinality('origin');
}

export interface SignalRowContext {
  organizationId: string;
  ingestedAtMs: number;
  /** Which times of the record are believed. */
  window: TimeWindow;
}

/** Appends the signal of a log record. @returns why there is none, or undefined */
export function writeSignalRow(block: SignalBlock, log: LogDraft, resource: AttributeDraft, context: SignalRowContext): string | undefined {
  const signal = signalOf(log.eventName, log.attributes);
  if (!signal) return `its event name "${log.eventName.slice(0, 100)}" is none of ${EVENT_NAMES.join(', ')}`;
  const conversationId = String(log.fields.get(SLOT.conversationId) ?? resource.get(SLOT.conversationId) ?? '');
  if (conversationId === '' && isZero(log.traceId)) return 'it names neither a trace nor a conversation (gen_ai.conversation.id)';
  const [low, high] = timeOf(log, context);

  block.organizationId.text(context.organizationId);
  block.signalId.text(idOf(log, conversationId));
  block.traceId.values.bytes(log.traceId);
  block.spanId.values.bytes(log.spanId);
  block.conversationId.text(conversationId);
  block.customerId.text(String(log.fields.get(SLOT.customerId) ?? resource.get(SLOT.customerId) ?? ''));
  block.at.values.u64(low, high);
  block.kind.text(signal.kind);
  block.name.text(signal.name);
  block.source.text(signal.source);
  block.value.text(signal.value);
  for (const [name, value] of Object.entries(log.attributes)) if (block.attributes.key(name)) block.attributes.values.string(value);
  block.attributes.endRow();
  block.ingestedAt.values.integer(context.ingestedAtMs);
  block.origin.text('log');
  block.endRow();
  return undefined;
}

type Halves = readonly [low: number, high: number];

// When it was; or at the latest, when it was observed; or else, when it came.
function timeOf(log: LogDraft, { window, ingestedAtMs }: SignalRowContext): Halves {
  if (isCredibleTime(log.timeLow, log.timeHigh, window)) return [log.timeLow, log.timeHigh];
  if (isCredibleTime(log.observedLow, log.observedHigh, window)) return [log.observedLow, log.observedHigh];
  return halvesOf(ingestedAtMs);
}

// Whether it is believed or not: what is believed moves with our clock, and the record's id must not.
function saidTimeOf(log: LogDraft): Halves | undefined {
  if ((log.timeHigh !== 0 || log.timeLow !== 0) && isStorableTime(log.timeHigh)) return [log.timeLow, log.timeHigh];
  if ((log.observedHigh !== 0 || log.observedLow !== 0) && isStorableTime(log.observedHigh)) return [log.observedLow, log.observedHigh];
  return undefined;
}

function halvesOf(epochMs: number): Halves {
  const ns = BigInt(epochMs) * 1_000_000n;
  return [Number(ns & 0xffff_ffffn), Number(ns >> 32n)];
}

// The sender's own id, or else what the record says: the same record sent again is the same signal. When it came is no part of it; when it
// was observed is, where the record has no other time: two that say the same at two times are two.
function idOf(log: LogDraft, conversationId: string): string {
  const own = log.attributes['astrolabe.signal.id'];
  const parts = own ? [own, conversationId] : [log.traceId.toString('hex'), log.spanId.toString('hex'), conversationId, saidTimeOf(log) ?? null, log.eventName, log.attributes];
  return `log-${createHash('sha256').update(canonicalJson(parts)).digest('hex').slice(0, 32)}`;
}
