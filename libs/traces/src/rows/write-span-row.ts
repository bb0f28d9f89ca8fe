import { bucketTokens, chargeOf, type CallCost, type PriceBook, type TokenBuckets } from '#pricing';
import { SLOT, firstNameOf } from '../convention-index.js';
import { ENTITY_NAME, FIRST_TOKEN_EVENT } from '../conventions.js';
import { epochMs, isCredibleTime, type TimeWindow } from '../limits/time-window.js';
import type { LowCardinalityColumn, MapColumn, StringColumn } from '../native/columns.js';
import type { AttributeDraft, AttributeValue } from './attribute-draft.js';
import type { SpanBlock } from './span-block.js';
import type { SpanDraft } from './span-draft.js';

/*
 * One span into one row of a block, priced on the way: a price is a fact of the moment the call was made and is never worked out again by a
 * reader.
 */

export interface SpanRowContext {
  organizationId: string;
  ingestedAtMs: number;
  /** When its events may have been. */
  window: TimeWindow;
  prices: PriceBook;
  /** After how many days the store may delete the row; 0 keeps it. */
  retentionDays: number;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

/**
 * Appends the row of a span that `rejectionOf` has no objection to.
 * @param isSameResource whether the resource is the one of the row before in this block: its map is then repeated and not written again
 */
export function writeSpanRow(block: SpanBlock, span: SpanDraft, resource: AttributeDraft, context: SpanRowContext, isSameResource: boolean): void {
  const { attributes } = span;
  const value = (slot: number) => attributes.get(slot) ?? resource.get(slot);
  const text = (slot: number) => textOf(value(slot));
  const number = (slot: number) => numberOf(value(slot));

  const operation = text(SLOT.operation);
  const tokens = tokensOf(number);
  const charge = chargeOf(operation === '' ? undefined : operation, tokens !== undefined);
  const isEndEarly = span.endHigh < span.startHigh || (span.endHigh === span.startHigh && span.endLow < span.startLow);
  const guarded = (column: LowCardinalityColumn, slot: number, written: string) => {
    // What one sender has too many of is kept, where it does no harm.
    if (!column.text(written) && !addEntry(block.attributes, firstNameOf(slot), written)) attributes.dropped++;
  };

  block.organizationId.text(context.organizationId);
  block.traceId.values.bytes(span.traceId);
  block.spanId.values.bytes(span.spanId);
  block.parentSpanId.values.bytes(span.parentSpanId);
  block.startedAt.values.u64(span.startLow, span.startHigh);
  // A span that ends before it starts (clock moved, or no end given) has no length rather than a negative one.
  if (isEndEarly) block.endedAt.values.u64(span.startLow, span.startHigh);
  else block.endedAt.values.u64(span.endLow, span.endHigh);
  block.ingestedAt.values.integer(context.ingestedAtMs);
  const name = attributes.cutText(span.name);
  if (!block.name.text(name) && !addEntry(block.attributes, 'span.name', name)) attributes.dropped++;
  block.kind.text(KINDS[span.kind] ?? 'unspecified');
  block.status.text(STATUSES[span.statusCode] ?? 'unset');
  block.statusMessage.text(attributes.cutText(span.statusMessage));
  guarded(block.service, SLOT.service, text(SLOT.service));
  block.environment.text(text(SLOT.environment));
  guarded(block.operation, SLOT.operation, operation);
  block.charge.text(charge);
  writeString(block.conversationId, SLOT.conversationId, attributes, resource);
  writeString(block.turnId, SLOT.turnId, attributes, resource);
  writeString(block.endUserId, SLOT.endUserId, attributes, resource);
  block.customerId.text(text(SLOT.customerId));
  block.agent.text(text(SLOT.agent));
  guarded(block.task, SLOT.task, text(SLOT.task));
  guarded(block.locale, SLOT.locale, text(SLOT.locale));
  guarded(block.channel, SLOT.channel, text(SLOT.channel));
  block.flagKey.text(text(SLOT.flagKey));
  block.variant.text(text(SLOT.variant));
  guarded(block.provider, SLOT.provider, text(SLOT.provider));
  guarded(block.requestModel, SLOT.requestModel, text(SLOT.requestModel));
  guarded(block.responseModel, SLOT.responseModel, text(SLOT.responseModel));
  guarded(block.tool, SLOT.tool, text(SLOT.tool) || toolOfEntity(attributes, operation));
  writeString(block.toolCallId, SLOT.toolCallId, attributes, resource);
  block.isSpeculative.values.u8(booleanOf(value(SLOT.speculative)) === true ? 1 : 0);
  block.isUsed.number(flagOf(booleanOf(value(SLOT.used))));
  block.firstTokenNs.number(firstTokenNs(span, number, context.window));
  writeTokens(block, tokens);
  if (charge === 'none') writeCost(block, undefined, undefined);
  else {
    const cost = costOf(span, tokens, text, number, context.prices);
    writeCost(block, cost, cost.kind === 'known' ? undefined : estimateOf(span, text, number, context.prices));
  }
  writeOthers(block, attributes);
  if (isSameResource) block.resourceAttributes.repeatRow();
  else writeResource(block, resource);
  writeEvents(block, span, context.window);
  block.attributesDropped.values.u32(attributes.dropped + resource.dropped);
  block.attributesCut.values.u32(attributes.cut + resource.cut);
  block.retentionDays.values.u16(context.retentionDays);
  block.endRow();
}

function writeString(column: StringColumn, slot: number, attributes: AttributeDraft, resource: AttributeDraft): void {
  if (!attributes.writeText(slot, column.values) && !resource.writeText(slot, column.values)) column.text('');
}

function tokensOf(number: (slot: number) => number | undefined): TokenBuckets | undefined {
  return bucketTokens({
    inputTokens: number(SLOT.inputTokens),
    outputTokens: number(SLOT.outputTokens),
    cacheReadTokens: number(SLOT.cacheReadTokens),
    cacheWriteTokens: number(SLOT.cacheWriteTokens),
    reasoningTokens: number(SLOT.reasoningTokens),
    audioInputTokens: number(SLOT.audioInputTokens),
    audioOutputTokens: number(SLOT.audioOutputTokens),
  });
}

function costOf(
  span: SpanDraft,
  tokens: TokenBuckets | undefined,
  text: (slot: number) => string,
  number: (slot: number) => number | undefined,
  prices: PriceBook,
): CallCost {
  return prices.priceCall({
    provider: text(SLOT.provider),
    requestModel: text(SLOT.requestModel),
    responseModel: text(SLOT.responseModel),
    startedAtMs: epochMs(span.startLow, span.startHigh),
    tokens,
    senderCostUsd: number(SLOT.senderCostUsd),
  });
}

/** What a call without usage, such as a stream that was aborted, costs by the sender's own estimate of its tokens. Never mixed with costs. */
function estimateOf(span: SpanDraft, text: (slot: number) => string, number: (slot: number) => number | undefined, prices: PriceBook): bigint | undefined {
  const inputTokens = number(SLOT.estimatedInputTokens);
  const outputTokens = number(SLOT.estimatedOutputTokens);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const none = { cacheReadTokens: undefined, cacheWriteTokens: undefined, reasoningTokens: undefined, audioInputTokens: undefined, audioOutputTokens: undefined };
  const cost = costOf(span, bucketTokens({ inputTokens, outputTokens, ...none }), text, () => undefined, prices);
  return cost.kind === 'known' ? cost.costPicoUsd : undefined;
}

function writeTokens(block: SpanBlock, tokens: TokenBuckets | undefined): void {
  block.tokensInput.number(tokens?.input);
  block.tokensCacheRead.number(tokens?.cacheRead);
  block.tokensCacheWrite.number(tokens?.cacheWrite);
  block.tokensOutput.number(tokens?.output);
  block.tokensReasoning.number(tokens?.reasoning);
  block.tokensAudioInput.number(tokens?.audioInput);
  block.tokensAudioOutput.number(tokens?.audioOutput);
  block.tokenRule.text(tokens?.rule ?? '');
}

// Three states, never mixed: known (a cost), unknown (NULL with a reason), not a charged span (NULL without one).
function writeCost(block: SpanBlock, cost: CallCost | undefined, estimatePicoUsd: bigint | undefined): void {
  const known = cost?.kind === 'known' ? cost : undefined;
  block.costUsd.bigInt(known?.costPicoUsd);
  block.costSource.text(known?.source ?? '');
  block.costUnknownReason.text(cost?.kind === 'unknown' ? cost.reason : '');
  block.costEstimateUsd.bigInt(estimatePicoUsd);
  block.priceVersion.text(known?.priceVersion ?? '');
}

function writeOthers(block: SpanBlock, attributes: AttributeDraft): void {
  for (let index = 0; index < attributes.others; index++) {
    if (block.attributes.key(attributes.otherName(index))) attributes.writeOther(index, block.attributes.values);
    else attributes.dropped++;
  }
  block.attributes.endRow();
}

function writeResource(block: SpanBlock, resource: AttributeDraft): void {
  for (let index = 0; index < resource.others; index++) {
    if (block.resourceAttributes.key(resource.otherName(index))) resource.writeOther(index, block.resourceAttributes.values);
    else resource.dropped++;
  }
  block.resourceAttributes.endRow();
}

// False when the name is one too many: then the value is left out too.
function addEntry(map: MapColumn, name: string, value: string): boolean {
  const isAdmitted = map.key(name);
  if (isAdmitted) map.values.string(value);
  return isAdmitted;
}

function writeEvents(block: SpanBlock, span: SpanDraft, window: TimeWindow): void {
  const { events } = span;
  for (const event of events) {
    // An event that does not say when it was, or says nonsense, was at the earliest when its span began.
    if (isCredibleTime(event.timeLow, event.timeHigh, window)) block.eventTimes.items.values.u64(event.timeLow, event.timeHigh);
    else block.eventTimes.items.values.u64(span.startLow, span.startHigh);
    block.eventNames.items.text(span.attributes.cutText(event.name));
    const map = block.eventAttributes.items;
    for (const [name, value] of event.attributes) addEntry(map, name, span.attributes.cutText(value));
    map.endRow();
  }
  block.eventTimes.endRow(events.length);
  block.eventNames.endRow(events.length);
  block.eventAttributes.endRow(events.length);
}

function firstTokenNs(span: SpanDraft, number: (slot: number) => number | undefined, window: TimeWindow): number | undefined {
  const seconds = number(SLOT.firstTokenSeconds);
  const milliseconds = number(SLOT.firstTokenMs);
  const nanoseconds = seconds !== undefined ? seconds * 1e9 : milliseconds !== undefined ? milliseconds * 1e6 : firstTokenEventNs(span, window);
  return nanoseconds !== undefined && nanoseconds >= 0 && nanoseconds <= Number.MAX_SAFE_INTEGER ? Math.round(nanoseconds) : undefined;
}

function firstTokenEventNs(span: SpanDraft, window: TimeWindow): number | undefined {
  const event = span.events.find(({ name }) => name === FIRST_TOKEN_EVENT);
  if (!event || !isCredibleTime(event.timeLow, event.timeHigh, window)) return undefined;
  return (event.timeHigh - span.startHigh) * 4_294_967_296 + (event.timeLow - span.startLow);
}

function toolOfEntity(attributes: AttributeDraft, operation: string): string {
  return operation.toLowerCase() === 'tool' ? attributes.other(ENTITY_NAME) : '';
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

function flagOf(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
