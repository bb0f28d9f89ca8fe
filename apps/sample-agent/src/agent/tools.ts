import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { RETENTION_DISCOUNT_PERCENT } from '../northwind/knowledge.js';
import type { Booking, World } from '../northwind/world.js';
import type { TurnScope } from './turn-scope.js';

export interface ToolCall {
  name: string;
  arguments: Record<string, string | number>;
  result: unknown;
  succeeded: boolean;
}

type ToolResult = { kind: 'done'; result: unknown } | { kind: 'refused'; errorType: string };
type Tool = (world: World, args: ToolCall['arguments']) => ToolResult;

const done = (result: unknown): ToolResult => ({ kind: 'done', result });
const refused = (errorType: string): ToolResult => ({ kind: 'refused', errorType });

// The systems of record keep their own rules: a decision against the fare rules ends here.
const TOOLS = {
  lookup_booking: withBooking((booking) => done({ ...booking })),
  lookup_subscription: (world) => (world.subscription === null ? refused('not_found') : done({ ...world.subscription })),
  lookup_policy: (_world, args) => done({ topic: args.topic }),
  issue_refund: withBooking((booking, args) => {
    if (!booking.refundable) return refused('not_refundable');
    if (booking.status === 'refunded') return refused('already_refunded');
    booking.status = 'refunded';
    return done({ amountEur: args.amountEur });
  }),
  change_booking: withBooking((booking, args) => {
    if (booking.status === 'refunded') return refused('booking_refunded');
    booking.date = String(args.date);
    return done({ date: booking.date });
  }),
  upgrade_booking: withBooking((booking) => {
    if (booking.cabin === 'business') return refused('already_business');
    booking.cabin = 'business';
    return done({ cabin: booking.cabin });
  }),
  apply_retention_discount: (world) => {
    if (world.subscription?.status !== 'active') return refused('not_active');
    world.subscription.discountPercent = RETENTION_DISCOUNT_PERCENT;
    return done({ discountPercent: RETENTION_DISCOUNT_PERCENT });
  },
  cancel_subscription: (world) => {
    if (world.subscription?.status !== 'active') return refused('not_active');
    world.subscription.status = 'cancelled';
    return done({ status: 'cancelled' });
  },
  give_voucher: (world, args) => {
    world.vouchersEur += Number(args.amountEur);
    return done({ vouchersEur: world.vouchersEur });
  },
  handoff_to_human: (world, args) => {
    world.handoff = { reason: String(args.reason) };
    return done({ queue: 'support' });
  },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

/** Runs one tool against the customer's world under an `execute_tool` span. A refusal is a result, not an exception. */
export function runTool(scope: TurnScope, world: World, name: ToolName, args: ToolCall['arguments']): ToolCall {
  const ordinal = scope.nextOrdinal(name);
  const key = { name, ordinal, attempt: 0 };
  const span = scope.startChild(`execute_tool ${name}`, SpanKind.INTERNAL, key, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': `call_${scope.turn}_${name}_${ordinal}`,
    'gen_ai.tool.type': 'function',
  });
  const tool: Tool = TOOLS[name];
  const outcome = tool(world, args);
  if (outcome.kind === 'refused') {
    span.setAttribute('error.type', outcome.errorType);
    span.setStatus({ code: SpanStatusCode.ERROR, message: `${name} refused: ${outcome.errorType}` });
  }
  span.end(scope.tracing.now());
  const result = outcome.kind === 'done' ? outcome.result : { error: outcome.errorType };
  return { name, arguments: args, result, succeeded: outcome.kind === 'done' };
}

function withBooking(work: (booking: Booking, args: ToolCall['arguments']) => ToolResult): Tool {
  return (world, args) => {
    const booking = world.bookings[String(args.bookingReference)];
    return booking === undefined ? refused('booking_not_found') : work(booking, args);
  };
}
