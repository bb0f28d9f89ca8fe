import { afterEach, describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startModelServer, type ModelServer } from '../model-server/model-server.js';
import { NO_FAULTS, type FaultRates } from '../model-server/script-call.js';
import { defaultWorld } from '../northwind/world.js';
import { NorthwindConcierge, type TurnOutcome } from './concierge.js';
import { startConversation, type Conversation } from './conversation.js';
import { VariantSource } from './reason-variant.js';
import { createTracing } from './tracing.js';

/** Keeps what was exported after shutdown, which the original forgets. */
class KeepingExporter extends InMemorySpanExporter {
  override async shutdown(): Promise<void> {}
}

interface Talk {
  outcomes: TurnOutcome[];
  conversation: Conversation;
  spans: ReadableSpan[];
}

let models: ModelServer | undefined;
afterEach(async () => {
  await models?.close();
  models = undefined;
});

async function talk(id: string, messages: string[], faults: FaultRates = NO_FAULTS): Promise<Talk> {
  models ??= await startModelServer({ seed: 3, latencyScale: 0.01, faults });
  const exporter = new KeepingExporter();
  const tracing = createTracing({ seed: 3, environment: 'test', exporter });
  const agent = new NorthwindConcierge({ tracing, variants: await VariantSource.connect(), modelUrl: models.url });
  const conversation = startConversation(id, { userId: 'u-1', locale: 'en-GB', world: defaultWorld() });
  const outcomes: TurnOutcome[] = [];
  for (const message of messages) {
    const outcome = await agent.converse(conversation, message);
    await outcome.stragglers;
    outcomes.push(outcome);
  }
  const tally = await tracing.shutdown();
  expect(tally).toEqual({ ended: exporter.getFinishedSpans().length, exported: exporter.getFinishedSpans().length, firstFailure: null });
  return { outcomes, conversation, spans: exporter.getFinishedSpans() };
}

const isModelCall = (span: ReadableSpan): boolean => /^(chat|embeddings) /.test(span.name);
const ofTask = (spans: ReadableSpan[], task: string): ReadableSpan[] => spans.filter((span) => span.attributes['astrolabe.task'] === task);
const millis = ([seconds, nanos]: [number, number]): number => seconds * 1000 + nanos / 1e6;
const overlap = (a: ReadableSpan, b: ReadableSpan): boolean =>
  millis(a.startTime) < millis(b.endTime) && millis(b.startTime) < millis(a.endTime);
const identities = (spans: ReadableSpan[]): string[] =>
  spans
    .map((span) => {
      const { 'gen_ai.response.time_to_first_chunk': _time, ...attributes } = span.attributes;
      const parent = span.parentSpanContext?.spanId ?? 'none';
      const { traceId, spanId } = span.spanContext();
      const events = span.events.map((event) => [event.name, event.attributes]);
      return JSON.stringify([traceId, spanId, parent, span.name, attributes, events]);
    })
    .sort();

const REFUND = 'I would like a refund for booking NW4821.';

describe('NorthwindConcierge', () => {
  it('answers with a constellation: 10 to 20 calls, parallel, some speculative, one of them wasted', async () => {
    const { spans, outcomes } = await talk('c-1', [REFUND]);
    const calls = spans.filter(isModelCall);
    expect(calls.length).toBeGreaterThanOrEqual(10);
    expect(calls.length).toBeLessThanOrEqual(20);
    expect(outcomes[0]?.modelCalls).toBe(calls.length);
    expect(new Set(calls.map((span) => span.attributes['astrolabe.task'])).size).toBeGreaterThanOrEqual(5);

    const [first, second] = ofTask(spans, 'classify-intent');
    const [embed] = ofTask(spans, 'embed-query');
    const [rerank] = ofTask(spans, 'rerank');
    if (!first || !second || !embed || !rerank) throw new Error('a call is missing');
    expect(overlap(first, second)).toBe(true);
    expect(millis(rerank.startTime)).toBeGreaterThanOrEqual(millis(embed.endTime));

    const [usedDraft] = ofTask(spans, 'draft-refund');
    const [wastedDraft] = ofTask(spans, 'draft-booking-change');
    expect(usedDraft?.attributes).toMatchObject({ 'astrolabe.speculative': true, 'astrolabe.used': true });
    expect(wastedDraft?.attributes).toMatchObject({ 'astrolabe.speculative': true, 'astrolabe.used': false });
    // It was known to be wasted only after planning; the span still ends when the draft was there.
    const [plan] = ofTask(spans, 'plan');
    if (!plan || !wastedDraft) throw new Error('a call is missing');
    expect(millis(wastedDraft.endTime)).toBeLessThan(millis(plan.endTime));
  });

  it('names the conversation on the root only, which is the parent of all the rest', async () => {
    const { spans } = await talk('c-2', [REFUND]);
    const root = spans.find((span) => span.name === 'invoke_agent northwind-concierge');
    expect(root?.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'northwind-concierge',
      'gen_ai.conversation.id': 'c-2',
      'user.id': 'u-1',
      'astrolabe.customer.id': 'northwind-travel',
      'astrolabe.locale': 'en-GB',
      'astrolabe.channel': 'chat',
    });
    expect(root?.parentSpanContext).toBeUndefined();
    expect(root?.resource.attributes).toMatchObject({ 'service.name': 'northwind-concierge', 'deployment.environment.name': 'test' });
    const rest = spans.filter((span) => span !== root);
    expect(rest.every((span) => span.parentSpanContext?.spanId === root?.spanContext().spanId)).toBe(true);
    expect(rest.some((span) => 'gen_ai.conversation.id' in span.attributes)).toBe(false);
  });

  it('reports tokens by the conventions', async () => {
    const { spans } = await talk('c-3', [REFUND]);
    const [verify] = ofTask(spans, 'verify');
    expect(verify?.name).toBe('chat o4-mini');
    expect(verify?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'o4-mini',
      'gen_ai.response.model': 'o4-mini-2025-04-16',
    });
    const { 'gen_ai.usage.output_tokens': output, 'gen_ai.usage.reasoning.output_tokens': reasoning } = verify?.attributes ?? {};
    expect(Number(reasoning)).toBeGreaterThan(0);
    expect(Number(output)).toBeGreaterThan(Number(reasoning));
    const [phrase] = ofTask(spans, 'phrase');
    expect(Number(phrase?.attributes['gen_ai.response.time_to_first_chunk'])).toBeGreaterThan(0);
  });

  it('sends the same ids and the same facts when a conversation is played again', async () => {
    const messages = [REFUND, 'Thank you, that worked. Goodbye!'];
    const first = await talk('c-4', messages);
    const again = await talk('c-4', messages);
    expect(identities(again.spans)).toEqual(identities(first.spans));
    expect(new Set(first.spans.map((span) => span.spanContext().spanId)).size).toBe(first.spans.length);
    expect(new Set(first.spans.map((span) => span.spanContext().traceId)).size).toBe(2);
    const other = await talk('c-5', messages);
    expect(other.spans[0]?.spanContext().traceId).not.toBe(first.spans[0]?.spanContext().traceId);
  });

  it('records what the systems know at once and what the customer says when it is said', async () => {
    // Every conversation of these that is not unlucky ends in a refund; one is enough here.
    const talks: Talk[] = [];
    const messages = [REFUND, 'Thank you, that worked. Goodbye!', 'I rate this 4 out of 5.'];
    for (const id of ['c-6', 'c-7', 'c-8', 'c-9']) talks.push(await talk(id, messages));
    const refunded = talks.find(({ conversation }) => conversation.world.bookings.NW4821?.status === 'refunded');
    expect(refunded).toBeDefined();
    const roots = (refunded?.spans ?? [])
      .filter((span) => span.name.startsWith('invoke_agent'))
      .sort((a, b) => millis(a.startTime) - millis(b.startTime));
    const signal = (name: string, source: string, value?: number): object => ({
      name: 'astrolabe.signal',
      attributes: {
        'astrolabe.signal.name': name,
        'astrolabe.signal.source': source,
        ...(value === undefined ? {} : { 'astrolabe.signal.value': value }),
      },
    });
    expect(roots.map((root) => root.events.map(({ name, attributes }) => ({ name, attributes })))).toEqual([
      [signal('refund_issued', 'system', 240)],
      [signal('customer_confirmed', 'customer'), { name: 'astrolabe.conversation.end', attributes: {} }],
      [signal('csat', 'customer', 4)],
    ]);
    const tool = refunded?.spans.find((span) => span.name === 'execute_tool issue_refund');
    expect(tool?.attributes).toMatchObject({ 'gen_ai.tool.name': 'issue_refund', 'gen_ai.tool.call.id': 'call_1_issue_refund_0' });
  });

  it('hands over to a person who is asked for', async () => {
    const { spans, outcomes } = await talk('c-10', ['I want to talk to a human, please.']);
    const root = spans.find((span) => span.name.startsWith('invoke_agent'));
    const handoff = ['astrolabe.handoff', { 'astrolabe.handoff.reason': 'customer_request' }];
    expect(root?.events.map(({ name, attributes }) => [name, attributes])).toEqual([handoff]);
    expect(outcomes[0]).toMatchObject({ ended: true, toolCalls: [{ name: 'handoff_to_human', succeeded: true }] });
  });

  it('survives a provider that fails every call, and traces every attempt as failed', async () => {
    const { spans, outcomes } = await talk('c-11', [REFUND], { ...NO_FAULTS, outage: 1 });
    expect(outcomes[0]?.reply).toMatch(/^Thank you for your message\./);
    const calls = spans.filter(isModelCall);
    // One request and two retries of it.
    expect(ofTask(calls, 'embed-query')).toHaveLength(3);
    expect(calls.every((span) => span.status.code === SpanStatusCode.ERROR && span.attributes['error.type'] === '500')).toBe(true);
    expect(calls.some((span) => 'gen_ai.usage.input_tokens' in span.attributes)).toBe(false);
  });

  it('knows no usage of a stream that broke off', async () => {
    const { spans } = await talk('c-12', ['Hello there!'], { ...NO_FAULTS, abortedStream: 1 });
    const streams = [...ofTask(spans, 'phrase'), ...ofTask(spans, 'draft-refund')];
    expect(streams.length).toBeGreaterThanOrEqual(3);
    for (const span of streams) {
      expect(span.attributes['error.type']).toBe('stream_aborted');
      expect(span.attributes).not.toHaveProperty('gen_ai.usage.output_tokens');
    }
  });
});
