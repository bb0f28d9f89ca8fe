import { describe, expect, it } from '@jest/globals';
import { readTrajectories } from '../read-trajectories.js';
import { toExportBatches, type OtlpExportOptions } from './export-requests.js';
import type { KeyValue, OtlpSpan } from './otlp-json.js';

const usage = { prompt_tokens: 100, completion_tokens: 7 };
const at = (second: number) => `2025-08-01T00:00:${String(second).padStart(2, '0')}.5`;
const messages = [
  { role: 'assistant', content: 'Hi! How can I help?', timestamp: at(0), usage: null },
  { role: 'user', content: 'help', timestamp: at(1), usage },
  { role: 'assistant', content: null, timestamp: at(3), usage, tool_calls: [{ id: 'c1', name: 'look_up', arguments: {} }] },
  { role: 'tool', id: 'c1', content: 'Error: no row', error: true, requestor: 'assistant', timestamp: at(4) },
  { role: 'assistant', content: 'Please toggle it', timestamp: at(6), usage, raw_data: { model: 'gpt-4.1-2025-04-14' } },
  { role: 'user', content: null, timestamp: at(7), usage, tool_calls: [{ id: 'u1', name: 'toggle', arguments: {}, requestor: 'user' }] },
  { role: 'tool', id: 'u1', content: 'on', error: false, requestor: 'user', timestamp: at(8) },
  { role: 'user', content: 'done', timestamp: at(9), usage },
  { role: 'assistant', content: null, timestamp: at(11), usage, tool_calls: [{ id: 'c2', name: 'transfer_to_human_agents', arguments: { summary: 'still broken' } }] },
  { role: 'tool', id: 'c2', content: 'Transfer successful', error: false, requestor: 'assistant', timestamp: at(12) },
  { role: 'user', content: '###TRANSFER###', timestamp: at(13), usage },
];
const simulation = (over: object = {}) => ({ id: 's1', task_id: '7', trial: 2, termination_reason: 'user_stop', agent_cost: 1, reward_info: { reward: 1 }, start_time: at(0), messages, ...over });

function tau2(...simulations: object[]) {
  const info = { agent_info: { llm: 'openai/gpt-4.1' }, environment_info: { domain_name: 'telecom' } };
  return readTrajectories({ format: 'tau2', name: 'run.json', text: JSON.stringify({ info, simulations }) });
}
function spansOf(file: ReturnType<typeof tau2>, options: Partial<OtlpExportOptions> = {}): OtlpSpan[] {
  return [...toExportBatches(file, { variant: 'base', ...options })].flatMap(({ request }) => request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
}
const plain = (attributes: readonly KeyValue[]) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
const seconds = (span: OtlpSpan) => [span.startTimeUnixNano, span.endTimeUnixNano].map((nanos) => (Number(nanos) - Date.parse('2025-08-01T00:00:00Z') * 1e6) / 1e9);

describe('toExportBatches: one conversation', () => {
  const spans = spansOf(tau2(simulation()), { customerId: 'acme', agentName: 'support' });
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);

  it('makes a trace of every turn of the agent, and nothing of the greeting or of the simulated user', () => {
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ['invoke_agent support', 1],
      ['chat gpt-4.1', 3],
      ['execute_tool look_up', 1],
      ['chat gpt-4.1', 3],
      ['invoke_agent support', 1],
      ['chat gpt-4.1', 3],
      ['execute_tool transfer_to_human_agents', 1],
    ]);
    expect(new Set(spans.slice(0, 4).map(({ traceId }) => traceId))).toEqual(new Set([roots[0]?.traceId]));
    expect(roots[0]?.traceId).not.toBe(roots[1]?.traceId);
    expect(spans[3]?.parentSpanId).toBe(roots[0]?.spanId);
    expect(spans.every(({ traceId, spanId }) => /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId))).toBe(true);
  });

  it("tiles a turn with the file's own times", () => {
    expect(spans.map(seconds)).toEqual([[1.5, 6.5], [1.5, 3.5], [3.5, 4.5], [4.5, 6.5], [9.5, 12.5], [9.5, 11.5], [11.5, 12.5]]);
  });

  it('says on the root whose conversation it is', () => {
    expect(plain(roots[1]?.attributes ?? [])).toEqual({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.conversation.id': expect.stringMatching(/^tau2:base:7:2:[0-9a-f]{8}$/),
      'gen_ai.agent.name': 'support',
      'astrolabe.customer.id': 'acme',
      'astrolabe.channel': 'simulation',
      'feature_flag.key': 'imported-variant',
      'feature_flag.result.variant': 'base',
      'astrolabe.simulation.task': '7',
      'astrolabe.simulation.trial': '2',
      'astrolabe.simulation.termination': 'user_stop',
    });
  });

  it('describes calls by the GenAI conventions', () => {
    expect(plain(spans[3]?.attributes ?? [])).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4.1',
      'gen_ai.response.model': 'gpt-4.1-2025-04-14',
      'gen_ai.usage.input_tokens': '100',
      'gen_ai.usage.output_tokens': '7',
      'astrolabe.task': 'reason',
    });
    expect(plain(spans[2]?.attributes ?? [])).toEqual({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look_up', 'gen_ai.tool.call.id': 'c1' });
    expect(spans[2]?.status).toEqual({ code: 2, message: 'Error: no row' });
    expect(spans[6]?.status).toBeUndefined();
  });

  it('puts hand-off, verdict and end on the last root alone', () => {
    expect(roots[0]?.events).toEqual([]);
    expect(roots[1]?.events?.map(({ name, attributes }) => [name, plain(attributes)])).toEqual([
      ['astrolabe.handoff', { 'astrolabe.handoff.reason': 'still broken' }],
      ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'task_success', 'gen_ai.evaluation.score.value': 1, 'gen_ai.evaluation.score.label': 'pass' }],
      ['astrolabe.conversation.end', {}],
    ]);
  });
});

describe('toExportBatches: identity', () => {
  const ids = (...given: Parameters<typeof spansOf>) => spansOf(...given).map(({ traceId, spanId }) => traceId + spanId);

  it('is the same again, to the byte, and apart for another variant or simulation', () => {
    const text = () => JSON.stringify([...toExportBatches(tau2(simulation()), { variant: 'base' })]);
    expect(text()).toBe(text());
    const all = [...ids(tau2(simulation())), ...ids(tau2(simulation()), { variant: 'candidate' }), ...ids(tau2(simulation({ id: 's2' })))];
    expect(new Set(all).size).toBe(21);
  });

  it('needs a variant', () => {
    expect(() => spansOf(tau2(simulation()), { variant: ' ' })).toThrow('The variant needs a name');
  });
});

describe('toExportBatches: endings', () => {
  const events = (over: object) => spansOf(tau2(simulation(over))).flatMap((span) => span.events ?? []);

  it('labels a failure, and gives an excluded trial no verdict', () => {
    const failed = events({ reward_info: { reward: 0 } }).find(({ name }) => name === 'gen_ai.evaluation.result');
    expect(plain(failed?.attributes ?? [])).toMatchObject({ 'gen_ai.evaluation.score.value': 0, 'gen_ai.evaluation.score.label': 'fail' });
    expect(events({ termination_reason: 'infrastructure_error' }).map(({ name }) => name)).toEqual(['astrolabe.handoff', 'astrolabe.conversation.end']);
  });

  it('is no hand-off when the transfer failed', () => {
    const failedTransfer = messages.map((message) => ('id' in message && message.id === 'c2' ? { ...message, error: true } : message));
    expect(events({ messages: failedTransfer }).map(({ name }) => name)).toEqual(['gen_ai.evaluation.result', 'astrolabe.conversation.end']);
  });

  it('keeps a conversation in which the agent never acted', () => {
    const spans = spansOf(tau2(simulation({ messages: messages.slice(0, 2), reward_info: { reward: 0 } })));
    expect(spans.map(({ name, events: own }) => [name, own?.length])).toEqual([['invoke_agent tau2-telecom', 2]]);
    expect(spans.map(seconds)).toEqual([[0.5, 1.5]]);
  });
});

describe('toExportBatches: times that are missing or run backwards', () => {
  it('never gives a span a negative duration', () => {
    const odd = messages.map((message, index) => ({ ...message, timestamp: index === 2 ? at(0) : index === 4 ? null : message.timestamp }));
    const spans = spansOf(tau2(simulation({ messages: odd })));
    expect(spans.slice(0, 4).map(seconds)).toEqual([[1.5, 4.5], [1.5, 1.5], [1.5, 4.5], [4.5, 4.5]]);
  });

  it('lays tau1 out from a documented origin, in order, and says so', () => {
    const traj = [{ role: 'system', content: 'x' }, { role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }, { role: 'user', content: '###STOP###' }];
    const file = readTrajectories({ format: 'tau1', name: 'run.json', text: JSON.stringify([{ task_id: 3, trial: 1, reward: 1, traj }]) });
    const [root, chat] = spansOf(file, { model: 'claude-3-5-sonnet' });
    // Trial 1 is the second day, task 3 its fourth minute, and the assistant's message the third of its conversation.
    const start = BigInt(Date.parse('2024-06-18T00:03:00Z')) * 1_000_000n;
    expect([chat?.startTimeUnixNano, chat?.endTimeUnixNano]).toEqual([String(start + 2_000_000_000n), String(start + 3_000_000_000n)]);
    expect(plain(root?.attributes ?? [])).toMatchObject({ 'astrolabe.time.synthetic': true, 'gen_ai.agent.name': 'tau1' });
    expect(plain(chat?.attributes ?? [])).toMatchObject({ 'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-3-5-sonnet' });
    expect(spansOf(file, { startedAt: new Date('2026-01-01T00:00:00Z') })[0]?.startTimeUnixNano).toBe(String(BigInt(Date.parse('2026-01-02T00:03:02Z')) * 1_000_000n));
  });
});

describe('toExportBatches: bounds', () => {
  it('fills requests with whole conversations', () => {
    const file = tau2(...['a', 'b', 'c'].map((id) => simulation({ id })));
    const batches = [...toExportBatches(file, { variant: 'base', spansPerRequestMax: 14 })];
    expect(batches.map(({ conversations, turns, spans }) => [conversations, turns, spans])).toEqual([[2, 4, 14], [1, 2, 7]]);
    expect([...toExportBatches(file, { variant: 'base', spansPerRequestMax: 1 })].map(({ spans }) => spans)).toEqual([7, 7, 7]);
  });
});
