import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startModelServer, type ModelServer } from '../model-server/model-server.js';
import { NO_FAULTS } from '../model-server/script-call.js';
import { startAgentServer, type AgentServer, type ConverseReply } from './agent-server.js';
import { parseTraceParent } from './trace-parent.js';

let models: ModelServer;
let agent: AgentServer;
const exporter = new InMemorySpanExporter();
exporter.shutdown = async () => undefined;

beforeEach(async () => {
  exporter.reset();
  models = await startModelServer({ seed: 1, latencyScale: 0.002, faults: NO_FAULTS });
  agent = await startAgentServer({ seed: 1, modelUrl: models.url, exporter });
});
afterEach(async () => {
  await agent.close();
  await models.close();
});

async function converse(body: object, headers: Record<string, string> = {}): Promise<{ status: number; body: ConverseReply }> {
  const response = await fetch(`${agent.url}/converse`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as ConverseReply };
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('agent server', () => {
  it('starts from the scenario, keeps state between turns and reports tool calls', async () => {
    const booking = { route: 'Oslo - Rome', date: '2027-06-01', cabin: 'economy', priceEur: 99, refundable: false, status: 'confirmed' };
    const scenario = { initialState: { bookings: { NW7777: booking } }, locale: 'de-DE', channel: 'voice', user: 'u-7' };
    const first = await converse({ conversationId: 's-1', message: 'Kann ich ein Upgrade auf Business bekommen?', scenario });
    expect(first).toMatchObject({ status: 200, body: { reply: 'Sehr gern. Wie lautet Ihre Buchungsnummer?', toolCalls: [], ended: false } });
    // What the scenario does not name keeps its default.
    const subscription = { plan: 'Northwind Plus', status: 'active', discountPercent: 0 };
    expect(first.body.state).toEqual({ bookings: { NW7777: booking }, subscription, vouchersEur: 0, handoff: null });
    const second = await converse({ conversationId: 's-1', message: 'Das ist die NW7777.' });
    const lookup = { name: 'lookup_booking', arguments: { bookingReference: 'NW7777' }, result: { priceEur: 99 }, succeeded: true };
    expect(second.body.toolCalls[0]).toMatchObject(lookup);
    expect(second.body.traceId).not.toBe(first.body.traceId);
  });

  it('continues the trace of the caller and plays the variant that it names', async () => {
    const variant = { name: 'candidate', value: { model: 'gpt-4.1-mini', promptVersion: 'reason-v2' } };
    const asked = { conversationId: 's-2', message: 'How heavy may my suitcase be?', variant };
    const { body } = await converse(asked, { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
    expect(body.traceId).toBe(TRACE);
    await agent.close();
    agent = await startAgentServer({ seed: 1, modelUrl: models.url, exporter });
    const spans = exporter.getFinishedSpans();
    const root = spans.find((span) => span.name.startsWith('invoke_agent'));
    expect(root?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    const chosen = { 'feature_flag.key': 'northwind-concierge.reason', 'feature_flag.result.variant': 'candidate' };
    expect(root?.attributes).toMatchObject(chosen);
    const decided = spans.filter((span) => 'feature_flag.key' in span.attributes && span !== root);
    expect(decided.length).toBeGreaterThan(0);
    expect(decided.every((span) => span.attributes['astrolabe.task'] === 'reason' && span.name === 'chat gpt-4.1-mini')).toBe(true);
  });

  it('says what is wrong with a request, and that it is healthy', async () => {
    const wrong = await converse({ conversationId: 's-3' });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request', detail: expect.stringContaining('message') } });
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  });
});

describe('parseTraceParent', () => {
  it('takes valid headers and ignores the others', () => {
    const context = parseTraceParent(`00-${TRACE}-00f067aa0ba902b7-00`);
    expect(context && trace.getSpanContext(context)).toMatchObject({ traceId: TRACE, spanId: '00f067aa0ba902b7', isRemote: true });
    // Versions to come may append fields.
    expect(parseTraceParent(`01-${TRACE}-00f067aa0ba902b7-00-more`)).toBeDefined();
    const invalid = [
      undefined,
      'x',
      `ff-${TRACE}-00f067aa0ba902b7-00`,
      `00-${TRACE}-00f067aa0ba902b7-00-more`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-00`,
      `00-${TRACE}-${'0'.repeat(16)}-00`,
    ];
    for (const header of invalid) expect(parseTraceParent(header)).toBeUndefined();
  });
});
