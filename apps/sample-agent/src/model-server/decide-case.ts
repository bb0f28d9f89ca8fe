import { BAGGAGE_ALLOWANCE, RETENTION_DISCOUNT_PERCENT, UPGRADE_PRICE_EUR, VOUCHER_EUR } from '../northwind/knowledge.js';
import type { CaseIntent, Decision } from '../northwind/vocabulary.js';
import type { Booking, Subscription } from '../northwind/world.js';

/** What the reasoning and the verifying model are given about a case. */
export interface CaseFacts {
  intent: CaseIntent;
  locale: string;
  bookingReference: string | null;
  booking: Booking | null;
  subscription: Subscription | null;
  /** The day the customer asked for. */
  date: string | null;
}

/** The decision that Northwind Travel's rules call for. */
export function rightDecision(facts: CaseFacts): Decision {
  const { booking, bookingReference } = facts;
  switch (facts.intent) {
    case 'refund':
      if (booking === null || bookingReference === null || !booking.refundable || booking.status === 'refunded') return decline();
      return decide('issue_refund', { bookingReference, amountEur: booking.priceEur });
    case 'booking_change':
      if (booking === null || bookingReference === null || facts.date === null || booking.status === 'refunded') return decline();
      return decide('change_booking', { bookingReference, date: facts.date });
    case 'upgrade':
      if (booking === null || bookingReference === null || booking.cabin === 'business') return decline();
      return decide('upgrade_booking', { bookingReference, priceEur: UPGRADE_PRICE_EUR });
    case 'cancel_subscription':
      if (facts.subscription?.status !== 'active') return decline();
      // An offer is made once: who has the discount already and leaves, leaves.
      if (facts.subscription.discountPercent > 0) return decide('cancel_subscription', {});
      return decide('offer_retention', { discountPercent: RETENTION_DISCOUNT_PERCENT });
    case 'baggage_question':
      return decide('answer', { fact: BAGGAGE_ALLOWANCE });
    case 'complaint':
      return decide('give_voucher', { amountEur: VOUCHER_EUR });
  }
}

/** A plausible mistake, of the kind that this case invites. `luck` in [0, 1) chooses among them. */
export function wrongDecision(facts: CaseFacts, luck: number): Decision {
  const right = rightDecision(facts);
  if (luck < 0.3) return decide('escalate', {});
  switch (facts.intent) {
    case 'refund':
      // Against the fare rules: the booking system will refuse it.
      if (right.decision === 'decline' && facts.bookingReference !== null) {
        return decide('issue_refund', { bookingReference: facts.bookingReference, amountEur: facts.booking?.priceEur ?? 0 });
      }
      return decline();
    case 'booking_change':
      if (right.decision === 'change_booking' && facts.date !== null && luck < 0.7) {
        return decide('change_booking', { ...right.arguments, date: dayAfter(facts.date) });
      }
      return decline();
    case 'cancel_subscription':
      return decide('cancel_subscription', {});
    case 'baggage_question':
      return decide('answer', { fact: '32 kg' });
    case 'upgrade':
    case 'complaint':
      return decline();
  }
}

/** Whether two decisions come to the same thing; how sure the model was does not matter. */
export function sameDecision(a: Decision, b: Decision): boolean {
  const keys = Object.keys(a.arguments);
  return (
    a.decision === b.decision &&
    keys.length === Object.keys(b.arguments).length &&
    keys.every((key) => a.arguments[key] === b.arguments[key])
  );
}

const decide = (decision: Decision['decision'], args: Decision['arguments']): Decision => ({ decision, arguments: args, confidence: 0.9 });
const decline = (): Decision => decide('decline', {});

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
