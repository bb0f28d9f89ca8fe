import { modelCall, otlpTurn, type SpanInput } from './otlp-turn.js';
import type { PagesService } from './pages-service.js';

const CUSTOMER = 'fabrikam';
const AGENT = 'fabrikam-support';
/** What somebody might say to whoever reads it later. */
export const HOSTILE_MESSAGE = '<img src=x onerror=alert(1)> I never got it!';

const CONTRACT = `
contract: fabrikam-support
version: 1
customer: { id: ${CUSTOMER}, name: Fabrikam }
agents: [${AGENT}]
currency: USD
time_zone: Europe/Berlin
quiet_window: 72h
policies:
  - outcome: resolved
    title: A question answered
    when: confirmed
    grade: customer_confirmed
    price: "0.99"
`;

const confirmed = { name: 'astrolabe.signal', attributes: { 'astrolabe.signal.name': 'customer_confirmed', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': 'true' } };
const ended = { name: 'astrolabe.conversation.end' };
const message = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const asked = [message('system', 'You are kind.'), message('user', HOSTILE_MESSAGE)];

/** A reply with a lookup that failed once, and, of the first conversation, with what was said. */
const spansOf = (isSpoken: boolean): readonly SpanInput[] => [
  { name: 'execute_tool track_parcel', from: 100, to: 240, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'track_parcel' }, error: 'timed out after 140 ms' },
  { name: 'execute_tool track_parcel', from: 250, to: 400, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'track_parcel' } },
  modelCall('reason', 'gpt-4.1', 410, 1200, { input: 2600, output: 310 }, {
    ...(isSpoken && {
      'gen_ai.input.messages': JSON.stringify(asked),
      'gen_ai.output.messages': JSON.stringify([message('assistant', 'It is at the depot and comes tomorrow between nine and eleven.\nShall I tell you when it is on its way?')]),
    }),
  }),
];

/** Four that are billed, one of them in German, and two that are not; all are over. */
const TALKS: readonly { conversationId: string; locale: string; isConfirmed: boolean }[] = [
  { conversationId: 'r-1', locale: 'en', isConfirmed: true },
  { conversationId: 'r-2', locale: 'en', isConfirmed: true },
  { conversationId: 'r-3', locale: 'en', isConfirmed: true },
  { conversationId: 'r-4', locale: 'en', isConfirmed: false },
  { conversationId: 'r-5', locale: 'en', isConfirmed: false },
  { conversationId: 'r-6', locale: 'de', isConfirmed: true },
];

/** Sends and decides a day with something to review. The organization has to exist. */
export async function playReviewedDay(service: PagesService, organizationId: string): Promise<void> {
  await service.telemetry.write(organizationId, { ...(await service.telemetry.read(organizationId)), keepsContent: true });
  await service.contracts.apply(organizationId, CONTRACT, 'fabrikam.yaml');
  await service.contracts.activate(organizationId, 'fabrikam-support', 1);
  const day = service.clock.now().getTime() - 3_600_000;
  for (const [index, { conversationId, locale, isConfirmed }] of TALKS.entries()) {
    const turn = { conversationId, customerId: CUSTOMER, agent: AGENT };
    const root = { name: `invoke_agent ${AGENT}`, from: 0, to: 1300, attributes: { 'gen_ai.operation.name': 'invoke_agent', 'astrolabe.locale': locale } };
    await send(service, organizationId, otlpTurn({ ...turn, startedAt: new Date(day + index * 60_000), root, spans: spansOf(index === 0) }));
    const events = isConfirmed ? [confirmed, ended] : [ended];
    await send(service, organizationId, otlpTurn({ ...turn, startedAt: new Date(day + index * 60_000 + 20_000), root: { ...root, to: 40, events } }));
  }
  await service.settle(organizationId);
}

async function send(service: PagesService, organizationId: string, body: Buffer): Promise<void> {
  const { rejected, rejection } = await service.intake.accept('traces', await service.intake.senderOf(organizationId), body, 'json');
  if (rejected > 0) throw new Error(rejection);
}
