import { ContractStore, DecisionService, DecisionStore, OutcomeMirror, PendingStore, ShadowService, ShadowStore, TrackingService, type Book } from '#outcomes';
import { createLogger, JobCursors, sha256Hex, type ManualClock } from '#platform';
import { OtlpIntake, TraceReader, type OtlpSignal } from '#traces';
import { openTestStores, type TestStores } from '../support/test-stores.js';

export const CONTRACT = `contract: support
version: 1
customer: { id: acme, name: Acme }
agents: [support]
currency: USD
time_zone: America/New_York
quiet_window: 1h
exclusions:
  - { reason: handed_over, when: handed_off }
policies:
  - outcome: refunded
    title: A refund carried out
    when: signals.exists(s, s.name == "refund" && s.source == "system")
    grade: system_verified
    price: "1.80"
  - outcome: resolved
    title: A question answered
    when: turns > 0
    grade: 'confirmed ? "customer_confirmed" : "inferred"'
    price: { customer_confirmed: 0.99, inferred: "0.40" }
`;

export type SentEvent = readonly [name: string, attributes: Record<string, string>];

/** One reply, as the agent's own instrumentation would send it: a second long, with one priced model call. */
export interface SentTurn {
  conversationId: string;
  /** Names the trace. */
  turn: string;
  at: string;
  customer?: string;
  agent?: string;
  environment?: string;
  /** Tools that were called, and whether they did what they were asked. */
  tools?: Readonly<Record<string, boolean>>;
  /** Span events of the root, by name, with their attributes. */
  events?: readonly SentEvent[];
  /** What is sent of the turn: all of it, or a tool call of it that comes late. */
  part?: 'turn' | 'late tool call';
  /** The conversation that the spans below the root name; without it none. */
  named?: string;
}

export const signal = (name: string, source: string, value?: string): SentEvent => [
  'astrolabe.signal',
  { 'astrolabe.signal.name': name, 'astrolabe.signal.source': source, ...(value !== undefined && { 'astrolabe.signal.value': value }) },
];
export const refund: readonly SentEvent[] = [signal('refund', 'system')];
export const handoff: readonly SentEvent[] = [['astrolabe.handoff', { 'astrolabe.handoff.reason': 'customer_request' }]];
export const end: readonly SentEvent[] = [['astrolabe.conversation.end', {}]];

/** Books nothing. */
export const bookNothing: Book = async () => undefined;

export interface OutcomesService {
  stores: TestStores;
  traces: TraceReader;
  contracts: ContractStore;
  pending: PendingStore;
  decisions: DecisionStore;
  mirror: OutcomeMirror;
  /** A decider as a process of its own would have it. */
  decider(traces?: TraceReader): DecisionService;
  addOrganization(id: string): Promise<void>;
  /** Sends turns through the front door and waits until they can be read. */
  send(organizationId: string, ...turns: SentTurn[]): Promise<void>;
  /** The same for an OTLP request that somebody else wrote. */
  sendRequest(organizationId: string, request: object, signal?: OtlpSignal): Promise<void>;
  /** The same for an event that comes as a log record, which names the conversation and no trace. */
  sendRecord(organizationId: string, conversationId: string, at: string, event: SentEvent): Promise<void>;
  /** What a system of record sends over REST. */
  sendSignals(organizationId: string, ...records: object[]): Promise<void>;
  close(): Promise<void>;
}

/** Contracts, traces and decisions on stores of their own. */
export async function startOutcomesService(clock: ManualClock): Promise<OutcomesService> {
  const stores = await openTestStores();
  const { postgres, clickhouse } = stores;
  const intake = await OtlpIntake.open({ config: stores.config, clickhouse, postgres, clock, logger: createLogger('silent', 'test') });
  const traces = new TraceReader(clickhouse);
  const contracts = new ContractStore(postgres, clock);
  const pending = new PendingStore(postgres);
  const decisions = new DecisionStore(postgres);
  const logger = createLogger('silent', 'test');
  const shadowOutcomes = new ShadowStore(postgres, clock, contracts);
  const shadows = new ShadowService(shadowOutcomes, contracts, decisions, logger);
  const sendRequest = async (organizationId: string, request: object, kind: OtlpSignal = 'traces') => {
    const { rejected, rejection } = await intake.accept(kind, await intake.senderOf(organizationId), Buffer.from(JSON.stringify(request)), 'json');
    if (rejected > 0) throw new Error(rejection);
    await intake.drain();
  };
  return {
    stores,
    traces,
    contracts,
    pending,
    decisions,
    mirror: new OutcomeMirror(postgres, clickhouse, new JobCursors(postgres), decisions),
    decider: (reader = traces) => {
      const ofItsOwn = new ContractStore(postgres, clock);
      const tracking = new TrackingService(postgres, clock, new JobCursors(postgres), reader, ofItsOwn, pending, decisions);
      return new DecisionService(postgres, clock, tracking, reader, ofItsOwn, pending, decisions, shadows, shadowOutcomes, logger);
    },
    addOrganization: async (id) => {
      await postgres.insertInto('organizations').values({ id, name: id, createdAt: clock.now() }).execute();
    },
    sendRequest,
    send: (organizationId, ...turns) => sendRequest(organizationId, { resourceSpans: [{ scopeSpans: [{ spans: turns.flatMap(otlpSpansOf) }] }] }),
    sendRecord: (organizationId, conversationId, at, [eventName, said]) => {
      const record = { eventName, timeUnixNano: (BigInt(Date.parse(at)) * 1_000_000n).toString(), attributes: attributes({ 'gen_ai.conversation.id': conversationId, ...said }) };
      return sendRequest(organizationId, { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }, 'logs');
    },
    sendSignals: async (organizationId, ...records) => {
      await intake.acceptSignals(await intake.senderOf(organizationId), records);
      await intake.drain();
    },
    close: async () => {
      await intake.close();
      await stores.close();
    },
  };
}

function otlpSpansOf(sent: SentTurn) {
  const { conversationId, turn, at, customer = 'acme', agent = 'support', environment = 'production', tools = {}, events = [], part = 'turn', named } = sent;
  const traceId = sha256Hex(`${conversationId} ${turn}`).slice(0, 32);
  const spanId = (name: string) => sha256Hex(`${traceId} ${name}`).slice(0, 16);
  const nanos = (ms: number) => (BigInt(Date.parse(at) + ms) * 1_000_000n).toString();
  const times = { startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(1000) };
  const child = (name: string, values: Record<string, string | number>) => ({
    ...{ traceId, spanId: spanId(name), parentSpanId: spanId('root'), name, ...times },
    attributes: attributes({ ...values, ...(named !== undefined && { 'gen_ai.conversation.id': named }) }),
  });
  const toolCall = (name: string, isDone: boolean) => ({
    ...child(name, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name }),
    ...(!isDone && { status: { code: 2, message: 'refused' } }),
  });
  if (part === 'late tool call') return [toolCall('late_tool', true)];
  const root = {
    traceId,
    spanId: spanId('root'),
    name: `invoke_agent ${agent}`,
    ...times,
    attributes: attributes({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': agent,
      'gen_ai.conversation.id': conversationId,
      'astrolabe.customer.id': customer,
      'deployment.environment.name': environment,
    }),
    events: events.map(([name, values]) => ({ name, timeUnixNano: nanos(500), attributes: attributes(values) })),
  };
  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 };
  return [root, child('chat', call), ...Object.entries(tools).map(([name, isDone]) => toolCall(name, isDone))];
}

function attributes(values: Record<string, string | number>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }));
}
