import { fastify, type FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { z } from 'zod';
import { DomainError, messageOf } from '#platform';
import { NorthwindConcierge } from '../agent/concierge.js';
import { startConversation, type Conversation } from '../agent/conversation.js';
import { VariantSource, reasonVariant } from '../agent/reason-variant.js';
import { createTracing, otlpExporter } from '../agent/tracing.js';
import type { ToolCall } from '../agent/tools.js';
import { REASON_FLAG } from '../northwind/vocabulary.js';
import { defaultWorld, type World } from '../northwind/world.js';
import { parseTraceParent } from './trace-parent.js';

export interface AgentServerOptions {
  seed: number;
  /** 0 lets the system choose a free port. */
  port?: number;
  modelUrl: string;
  /** Spans and flags go here; without it the agent uses its default variant. */
  server?: { url: string; key?: string };
  /** Replaces the OTLP exporter of `server`. */
  exporter?: SpanExporter;
  environment?: string;
}

export interface AgentServer {
  /** `POST <url>/converse`, `GET <url>/healthz`. */
  url: string;
  /** Stops listening and sends what spans are left. Throws `spans_not_exported` when some could not be sent. */
  close(): Promise<void>;
}

/** What `POST /converse` answers. */
export interface ConverseReply {
  reply: string;
  toolCalls: ToolCall[];
  state: World;
  ended: boolean;
  traceId: string;
}

// The oldest conversation is forgotten when there are more: state lives in memory only.
const CONVERSATIONS_MAX = 10_000;

const booking = z.object({
  route: z.string(),
  date: z.iso.date(),
  cabin: z.enum(['economy', 'business']),
  priceEur: z.number().min(0),
  refundable: z.boolean(),
  status: z.enum(['confirmed', 'refunded']),
});
const world = z
  .object({
    bookings: z.record(z.string(), booking),
    subscription: z.object({ plan: z.string(), status: z.enum(['active', 'cancelled']), discountPercent: z.number() }).nullable(),
    vouchersEur: z.number(),
    handoff: z.object({ reason: z.string() }).nullable(),
  })
  .partial();
const converseBody = z.object({
  conversationId: z.string().min(1).max(200),
  message: z.string().min(1).max(20_000),
  variant: z.object({ name: z.string().min(1), value: reasonVariant }).optional(),
  scenario: z
    .object({
      initialState: world.optional(),
      locale: z.string().optional(),
      channel: z.string().optional(),
      user: z.string().optional(),
    })
    .optional(),
});

interface Held {
  conversation: Conversation;
  /** Settles with the turn in progress and its stragglers: turns of one conversation follow one another. */
  last: Promise<unknown>;
}

/** Starts the agent over HTTP on loopback, for simulations. The protocol is in the README. */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const exporter = options.exporter ?? (options.server === undefined ? undefined : otlpExporter(options.server));
  if (exporter === undefined) {
    const message = 'The agent needs a receiver of its spans: give `server` or `exporter`.';
    throw new DomainError({ kind: 'invalid', code: 'no_receiver', message });
  }
  const tracing = createTracing({ seed: options.seed, environment: options.environment ?? 'simulation', exporter });
  const agent = new NorthwindConcierge({ tracing, variants: await VariantSource.connect(options.server), modelUrl: options.modelUrl });
  const app = fastify({ forceCloseConnections: true });
  const held = new Map<string, Held>();
  addRoutes(app, agent, held);
  await app.listen({ port: options.port ?? 0, host: '127.0.0.1' });
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    close: async () => {
      await app.close();
      await Promise.all(Array.from(held.values(), ({ last }) => last));
      const { ended, exported, firstFailure } = await tracing.shutdown();
      if (exported === ended) return;
      const message = `${ended - exported} of ${ended} spans did not reach the receiver: ${firstFailure ?? 'they were dropped'}.`;
      throw new DomainError({ kind: 'unavailable', code: 'spans_not_exported', message });
    },
  };
}

function addRoutes(app: FastifyInstance, agent: NorthwindConcierge, held: Map<string, Held>): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.post('/converse', async (request, answer): Promise<ConverseReply | object> => {
    const parsed = converseBody.safeParse(request.body);
    if (!parsed.success) return answer.code(400).send(problem(400, 'invalid_request', z.prettifyError(parsed.error)));
    const body = parsed.data;
    const entry = held.get(body.conversationId) ?? { conversation: begin(body), last: Promise.resolve() };
    held.set(body.conversationId, entry);
    const oldest = held.keys().next().value;
    if (held.size > CONVERSATIONS_MAX && oldest !== undefined) held.delete(oldest);

    const header = request.headers.traceparent;
    const parent = parseTraceParent(Array.isArray(header) ? header[0] : header);
    const turn = entry.last.then(() =>
      agent.converse(entry.conversation, body.message, {
        ...(parent === undefined ? {} : { parent }),
        ...(body.variant === undefined ? {} : { variant: { flagKey: REASON_FLAG, ...body.variant } }),
      }),
    );
    entry.last = turn.then(
      (outcome) => outcome.stragglers,
      () => undefined,
    );
    try {
      const { reply, toolCalls, ended, traceId } = await turn;
      return { reply, toolCalls, state: structuredClone(entry.conversation.world), ended, traceId };
    } catch (error) {
      return answer.code(500).send(problem(500, 'turn_failed', messageOf(error)));
    }
  });
}

function begin(body: z.infer<typeof converseBody>): Conversation {
  const { initialState, locale, channel, user } = body.scenario ?? {};
  const given = Object.fromEntries(Object.entries(initialState ?? {}).filter(([, value]) => value !== undefined)) as Partial<World>;
  return startConversation(body.conversationId, {
    // What the scenario names replaces the default's; what it leaves out stays.
    world: { ...defaultWorld(), ...given },
    ...(user === undefined ? {} : { userId: user }),
    ...(locale === undefined ? {} : { locale }),
    ...(channel === undefined ? {} : { channel }),
  });
}

function problem(status: number, code: string, detail: string): object {
  return { type: 'about:blank', title: code, status, code, detail };
}
