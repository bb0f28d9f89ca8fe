import { drawOne } from '../draws.js';
import { BAGGAGE_ALLOWANCE } from '../northwind/knowledge.js';
import type { World } from '../northwind/world.js';
import type { Move, PlannedConversation } from './plan-conversations.js';
import { OFFER_ANSWERS, OPENINGS, REACTIONS, REFERENCE_GIVEN, ratingMessage } from './utterances.js';

/** What the customer says next, given what the agent has really done so far and said last. */
export function customerMessage(plan: PlannedConversation, move: Move, seen: { world: World; replies: readonly string[] }): string {
  const { locale } = plan;
  switch (move.kind) {
    case 'open': {
      const opening = drawOne(OPENINGS[plan.purpose][locale], plan.id, 'opening').replaceAll('{date}', plan.wantedDate);
      return move.withReference ? `${opening} ${plan.bookingReference}.` : opening;
    }
    case 'give_reference':
      return `${REFERENCE_GIVEN[locale]} ${plan.bookingReference}.`;
    case 'answer_offer':
      return OFFER_ANSWERS[move.accepts ? 'accept' : 'decline'][locale];
    case 'react': {
      const reactions = REACTIONS[locale];
      if (!isGoalMet(plan, seen)) return reactions[move.ifUnhappy];
      return move.saysGoodbye ? `${reactions.confirm} ${reactions.goodbye}` : reactions.confirm;
    }
    case 'rate':
      return ratingMessage(locale, isGoalMet(plan, seen) ? drawOne([4, 5, 5], plan.id, 'stars') : drawOne([1, 2, 2], plan.id, 'stars'));
  }
}

/** Whether the customer got what it came for, by the state of the world and not by what was promised. */
function isGoalMet(plan: PlannedConversation, seen: { world: World; replies: readonly string[] }): boolean {
  const booking = seen.world.bookings[plan.bookingReference];
  switch (plan.purpose) {
    case 'refund':
      return booking?.status === 'refunded';
    case 'booking_change':
      return booking?.date === plan.wantedDate;
    case 'upgrade':
      return booking?.cabin === 'business';
    case 'cancel_subscription':
      // Saved or let go: both are what the customer chose in the end.
      return seen.world.subscription?.status === 'cancelled' || (seen.world.subscription?.discountPercent ?? 0) > 0;
    case 'baggage_question':
      return seen.replies.some((reply) => reply.includes(BAGGAGE_ALLOWANCE));
    case 'complaint':
      return seen.world.vouchersEur > 0;
    case 'asks_for_person':
      return seen.world.handoff !== null;
    case 'small_talk':
      return true;
  }
}
