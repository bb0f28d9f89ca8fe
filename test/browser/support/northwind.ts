import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiRunRecorder, parseSuite, runSuite } from '#evals';
import { readRollout } from '#rollouts';
import { modelCall, otlpTurn, type SpanInput } from './otlp-turn.js';
import type { PagesService } from './pages-service.js';

export const ORGANIZATION = 'acme';
const CUSTOMER = 'northwind';
const AGENT = 'northwind-support';

/** An id and a span's name that would run, were they not escaped. */
export const HOSTILE_CONVERSATION = 'c-<img src=x onerror=alert(1)>/"&é?#%';
export const HOSTILE_SPAN = '<script>document.title="taken"</script>';

const CONTRACT = `
contract: northwind-support
version: 1
customer: { id: ${CUSTOMER}, name: Northwind & Sons }
agents: [${AGENT}]
currency: USD
time_zone: Europe/Berlin
quiet_window: 72h
exclusions:
  - { reason: handed_over, when: handed_off }
policies:
  - outcome: refund_completed
    title: A refund carried out without a person
    when: signals.exists(s, s.name == "refund_issued" && s.source == "system") && tool_calls.exists(t, t.name == "look_up_order" && t.succeeded)
    grade: 'confirmed ? "customer_confirmed" : "system_verified"'
    price: "1.80"
  - outcome: resolved
    title: A question answered
    when: confirmed
    grade: customer_confirmed
    price: "0.99"
`;

const MINI = 'gpt-4.1-mini';
const speculative = { 'astrolabe.speculative': true };

const confirmed = { name: 'astrolabe.signal', attributes: { 'astrolabe.signal.name': 'customer_confirmed', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': 'true' } };
const refunded = { name: 'astrolabe.signal', attributes: { 'astrolabe.signal.name': 'refund_issued', 'astrolabe.signal.source': 'system', 'astrolabe.signal.value': '42.00' } };
const handedOff = { name: 'astrolabe.handoff', attributes: { 'astrolabe.handoff.reason': 'wants a person' } };
const ended = { name: 'astrolabe.conversation.end' };

/** Two fast classifiers beside a lookup that may not be needed, then the reply: with a call of unknown price and one that failed. */
const CONSTELLATION: readonly SpanInput[] = [
  modelCall('classify-intent', MINI, 10, 180, { input: 420, output: 6 }),
  modelCall('detect-language', 'an-in-house-model', 10, 95, { input: 120, output: 2 }),
  modelCall('draft-refund', MINI, 20, 700, { input: 1800, output: 150 }, { ...speculative, 'astrolabe.used': true }),
  modelCall('draft-cancellation', MINI, 20, 640, { input: 1700, output: 140 }, { ...speculative, 'astrolabe.used': false }),
  { name: 'execute_tool look_up_order', from: 190, to: 460, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look_up_order' } },
  { name: 'execute_tool check_stock', from: 190, to: 350, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'check_stock' }, error: 'timed out after 150 ms' },
  modelCall('reason', 'gpt-4.1', 710, 1460, { input: 2600, output: 310 }),
  modelCall('phrase', MINI, 1470, 1880, { input: 900, output: 120 }),
];

interface Talk {
  conversationId: string;
  minute: number;
  events?: SpanInput['events'];
  spans?: readonly SpanInput[];
}

/** Three billable episodes of two kinds, one handed over, one in which nothing was reached, and one that is still going on. */
const TALKS: readonly Talk[] = [
  { conversationId: 'c-refund', minute: 0, events: [refunded, confirmed, ended], spans: CONSTELLATION },
  { conversationId: 'c-answer', minute: 10, events: [confirmed, ended], spans: CONSTELLATION.slice(0, 2) },
  { conversationId: HOSTILE_CONVERSATION, minute: 20, events: [confirmed, ended], spans: [{ ...modelCall('phrase', MINI, 10, 900, { input: 900, output: 120 }), name: HOSTILE_SPAN }] },
  { conversationId: 'c-handed-over', minute: 30, events: [handedOff, refunded, ended], spans: CONSTELLATION },
  { conversationId: 'c-nothing', minute: 40, events: [ended], spans: CONSTELLATION.slice(0, 1) },
  { conversationId: 'c-going-on', minute: 50, spans: CONSTELLATION },
];

/** Sends, decides, books, tells and plays a day at Northwind the way it happens. Needs a key with the scope `operate` for the runs. */
export async function playNorthwind(service: PagesService, operatorKey: string): Promise<{ baseRun: string; candidateRun: string }> {
  await service.contracts.apply(ORGANIZATION, CONTRACT, 'northwind.yaml');
  await service.contracts.activate(ORGANIZATION, 'northwind-support', 1, { audit: service.audit.by({ kind: 'person', id: 'Ada' }, 'the pilot is over') });
  const day = service.clock.now().getTime() - 3_600_000;
  for (const { conversationId, minute, events, spans = [] } of TALKS) {
    const turn = { conversationId, customerId: CUSTOMER, agent: AGENT, spans };
    const root = { name: `invoke_agent ${AGENT}`, from: 0, to: 1900, attributes: { 'gen_ai.operation.name': 'invoke_agent' } };
    await send(service, otlpTurn({ ...turn, startedAt: new Date(day + minute * 60_000), root }));
    // The last turn says how it ended.
    if (events) await send(service, otlpTurn({ ...turn, spans: [], startedAt: new Date(day + (minute + 2) * 60_000), root: { ...root, to: 40, events } }));
  }
  await service.settle(ORGANIZATION);
  const rollout = { flag: 'reason-model', agent: AGENT, task: 'reason', base: { name: 'quick', value: 'gpt-4.1' }, candidate: { name: 'careful', value: 'gpt-5' }, exposure: '12.5%' };
  await service.rollouts.put(ORGANIZATION, readRollout(rollout), 'key', service.audit.by({ kind: 'key', id: 'key_gone' }));
  return playRuns(service, operatorKey);
}

async function send(service: PagesService, body: Buffer): Promise<void> {
  const { rejected, rejection } = await service.intake.accept('traces', await service.intake.senderOf(ORGANIZATION), body, 'json');
  if (rejected > 0) throw new Error(rejection);
}

const SUITE = parseSuite(
  `name: northwind
trials: 3
scenarios:
${['refund', 'greeting', 'opening-hours', 'cancel-subscription', 'change-address'].map((id) => `  - { id: ${id}, script: [${id}], expect: { said: [done] } }`).join('\n')}
`,
  'northwind.yaml',
);

/** What each variant gets right, by scenario and trial. */
const RIGHT: Record<string, Record<string, readonly boolean[]>> = {
  quick: { refund: [false, false, true], greeting: [true, true, true], 'opening-hours': [true, true, true], 'cancel-subscription': [false, false, false], 'change-address': [true, true, false] },
  careful: { refund: [true, true, true], greeting: [true, true, true], 'opening-hours': [false, true, false], 'cancel-subscription': [true, true, false], 'change-address': [true, true, true] },
};

async function playRuns(service: PagesService, operatorKey: string): Promise<{ baseRun: string; candidateRun: string }> {
  const asked = new Map<string, number>();
  const agent = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { message, variant } = JSON.parse(Buffer.concat(chunks).toString()) as { message: string; variant: { name: string } };
      const key = `${variant.name} ${message}`;
      const trial = asked.get(key) ?? 0;
      asked.set(key, trial + 1);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ reply: RIGHT[variant.name]?.[message]?.[trial] ? 'done' : 'I cannot do that', toolCalls: [], state: {}, ended: true }));
    });
  });
  await new Promise<void>((listening) => agent.listen(0, '127.0.0.1', listening));
  const recorder = new ApiRunRecorder({ apiUrl: service.url, apiKey: operatorKey });
  const play = (name: string) => runSuite({ suite: SUITE, variant: { name }, agentUrl: urlOf(agent), seed: 1, concurrency: 1, recorder, clock: service.clock });
  try {
    const base = await play('quick');
    const candidate = await play('careful');
    return { baseRun: base.runId, candidateRun: candidate.runId };
  } finally {
    await new Promise((closed) => agent.close(closed));
  }
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
