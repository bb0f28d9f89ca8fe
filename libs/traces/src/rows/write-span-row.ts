import { bucketTokens, chargeOf, type CallCost, type PriceBook, type TokenBuckets } from '#pricing';
import { ENTITY_NAME, FIRST_TOKEN_EVENT, type ConventionField } from '../conventions.js';
import type { RowWriter } from './row-writer.js';
import { isStorableTime, type AttributeDraft, type AttributeValue, type EventDraft, type SpanDraft } from './span-draft.js';

/*
 * One span into one RowBinary row, in the order of SPAN_COLUMNS, priced on the way: a price is a fact of the moment the call was made and
 * is never worked out again by a reader.
 */

export interface SpanRowContext {
  organizationId: string;
  ingestedAtMs: number;
  prices: PriceBook;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];
const NOT_CHARGED: CallCost = { kind: 'unknown', reason: 'no_usage' };

/** Appends the row of a span that `rejectionOf` has no objection to. */
export function writeSpanRow(row: RowWriter, span: SpanDraft, resource: AttributeDraft, context: SpanRowContext): void {
  const value = (field: ConventionField) => span.attributes.get(field) ?? resource.get(field);
  const text = (field: ConventionField) => textOf(value(field));
  const number = (field: ConventionField) => numberOf(value(field));

  const operation = text('operation');
  const tokens = tokensOf(number);
  const charge = chargeOf(operation === '' ? undefined : operation, tokens !== undefined);
  const cost = charge === 'none' ? NOT_CHARGED : costOf(span, tokens, text, number, context.prices);
  const isEndEarly = span.endHigh < span.startHigh || (span.endHigh === span.startHigh && span.endLow < span.startLow);

  row.string(context.organizationId);
  row.fixed(span.traceId);
  row.fixed(span.spanId);
  row.fixed(span.parentSpanId);
  row.u64(span.startLow, span.startHigh);
  // A span that ends before it starts (clock moved, or no end given) has no length rather than a negative one.
  if (isEndEarly) row.u64(span.startLow, span.startHigh);
  else row.u64(span.endLow, span.endHigh);
  row.uint64(context.ingestedAtMs);
  row.string(span.name);
  row.string(KINDS[span.kind] ?? 'unspecified');
  row.string(STATUSES[span.statusCode] ?? 'unset');
  row.string(span.statusMessage);
  row.string(text('service'));
  row.string(text('environment'));
  row.string(operation);
  row.string(charge);
  row.string(text('conversationId'));
  row.string(text('turnId'));
  row.string(text('endUserId'));
  row.string(text('customerId'));
  row.string(text('agent'));
  row.string(text('task'));
  row.string(text('locale'));
  row.string(text('channel'));
  row.string(text('flagKey'));
  row.string(text('variant'));
  row.string(text('provider'));
  row.string(text('requestModel'));
  row.string(text('responseModel'));
  row.string(text('tool') || toolOfEntity(span, operation));
  row.string(text('toolCallId'));
  row.u8(booleanOf(value('speculative')) === true ? 1 : 0);
  writeNullableBoolean(row, booleanOf(value('used')));
  row.nullableUint64(firstTokenNs(span, number));
  writeTokens(row, tokens);
  writeCost(row, charge === 'none' ? undefined : cost);
  writeMap(row, span.attributes.otherNames, span.attributes.otherValues);
  writeMap(row, resource.otherNames, resource.otherValues);
  writeEvents(row, span);
}

function tokensOf(number: (field: ConventionField) => number | undefined): TokenBuckets | undefined {
  return bucketTokens({
    inputTokens: number('inputTokens'),
    outputTokens: number('outputTokens'),
    cacheReadTokens: number('cacheReadTokens'),
    cacheWriteTokens: number('cacheWriteTokens'),
    reasoningTokens: number('reasoningTokens'),
    audioInputTokens: number('audioInputTokens'),
    audioOutputTokens: number('audioOutputTokens'),
  });
}

function costOf(
  span: SpanDraft,
  tokens: TokenBuckets | undefined,
  text: (field: ConventionField) => string,
  number: (field: ConventionField) => number | undefined,
  prices: PriceBook,
): CallCost {
  return prices.priceCall({
    provider: text('provider'),
    requestModel: text('requestModel'),
    responseModel: text('responseModel'),
    startedAtMs: (span.startHigh * 4_294_967_296 + span.startLow) / 1e6,
    tokens,
    senderCostUsd: number('senderCostUsd'),
  });
}

function writeTokens(row: RowWriter, tokens: TokenBuckets | undefined): void {
  row.nullableUint64(tokens?.input);
  row.nullableUint64(tokens?.cacheRead);
  row.nullableUint64(tokens?.cacheWrite);
  row.nullableUint64(tokens?.output);
  row.nullableUint64(tokens?.reasoning);
  row.nullableUint64(tokens?.audioInput);
  row.nullableUint64(tokens?.audioOutput);
  row.string(tokens?.rule ?? '');
}

// Three states, never mixed: known (a cost), unknown (NULL with a reason), not a charged span (NULL without one).
function writeCost(row: RowWriter, cost: CallCost | undefined): void {
  if (cost?.kind === 'known') {
    row.u8(0);
    row.bigInt64(cost.costPicoUsd);
    row.string(cost.source);
    row.string('');
    row.string(cost.priceVersion);
    return;
  }
  row.u8(1);
  row.string('');
  row.string(cost?.reason ?? '');
  row.string('');
}

function writeMap(row: RowWriter, names: readonly string[], values: readonly string[]): void {
  row.count(names.length);
  for (let index = 0; index < names.length; index++) {
    row.string(names[index] ?? '');
    row.string(values[index] ?? '');
  }
}

function writeEvents(row: RowWriter, span: SpanDraft): void {
  const { events } = span;
  row.count(events.length);
  for (const event of events) {
    // An event that does not say when it was, or says nonsense, was at the earliest when its span began.
    if (isTimed(event)) row.u64(event.timeLow, event.timeHigh);
    else row.u64(span.startLow, span.startHigh);
  }
  row.count(events.length);
  for (const event of events) row.string(event.name);
  row.count(events.length);
  for (const event of events) {
    row.count(event.attributes.length);
    for (const [name, value] of event.attributes) {
      row.string(name);
      row.string(value);
    }
  }
}

function writeNullableBoolean(row: RowWriter, value: boolean | undefined): void {
  if (value === undefined) return row.u8(1);
  row.u8(0);
  row.u8(value ? 1 : 0);
}

function firstTokenNs(span: SpanDraft, number: (field: ConventionField) => number | undefined): number | undefined {
  const seconds = number('firstTokenSeconds');
  const milliseconds = number('firstTokenMs');
  const nanoseconds = seconds !== undefined ? seconds * 1e9 : milliseconds !== undefined ? milliseconds * 1e6 : firstTokenEventNs(span);
  return nanoseconds !== undefined && nanoseconds >= 0 && nanoseconds <= Number.MAX_SAFE_INTEGER ? Math.round(nanoseconds) : undefined;
}

function firstTokenEventNs(span: SpanDraft): number | undefined {
  const event = span.events.find(({ name }) => name === FIRST_TOKEN_EVENT);
  if (!event || !isTimed(event)) return undefined;
  return (event.timeHigh - span.startHigh) * 4_294_967_296 + (event.timeLow - span.startLow);
}

function isTimed(event: EventDraft): boolean {
  return (event.timeHigh !== 0 || event.timeLow !== 0) && isStorableTime(event.timeHigh);
}

function toolOfEntity(span: SpanDraft, operation: string): string {
  if (operation.toLowerCase() !== 'tool') return '';
  return span.attributes.otherValues[span.attributes.otherNames.indexOf(ENTITY_NAME)] ?? '';
}

function textOf(value: AttributeValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : String(value);
}

function numberOf(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

function booleanOf(value: AttributeValue | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 1) return true;
  if (value === 'false' || value === 0) return false;
  return undefined;
}
