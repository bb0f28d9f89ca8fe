import { drawOne, drawUniform, drawWeighted } from '../draws.js';
import type { CaseIntent, Channel, Locale } from '../northwind/vocabulary.js';
import type { World } from '../northwind/world.js';

/** What a simulated customer has come for. */
export type Purpose = CaseIntent | 'asks_for_person' | 'small_talk';

/**
 * One message of a customer. `react` says how the case went, in words that depend on how it really went; `rate` gives stars by the same
 * measure; after any other move the customer may simply go silent.
 */
export type Move =
  | { kind: 'open'; withReference: boolean }
  | { kind: 'give_reference' }
  | { kind: 'answer_offer'; accepts: boolean }
  | { kind: 'react'; ifUnhappy: 'complain' | 'ask_for_person'; saysGoodbye: boolean }
  | { kind: 'rate' };

export interface PlannedConversation {
  /** `nw-<seed>-0001` and so on. */
  id: string;
  userId: string;
  locale: Locale;
  channel: Channel;
  purpose: Purpose;
  bookingReference: string;
  /** The day that a booking change asks for. */
  wantedDate: string;
  /** One turn each. The number never depends on the answers, so that a plan can be compared with what is held already. */
  moves: readonly Move[];
  world: World;
}

const PURPOSES: readonly (readonly [Purpose, number])[] = [
  ['booking_change', 25],
  ['refund', 23],
  ['cancel_subscription', 12],
  ['baggage_question', 13],
  ['upgrade', 7],
  ['complaint', 8],
  ['asks_for_person', 6],
  ['small_talk', 6],
];
const LOCALE_WEIGHTS: readonly (readonly [Locale, number])[] = [
  ['en-GB', 45],
  ['de-DE', 25],
  ['fr-FR', 18],
  ['es-ES', 12],
];
const CHANNEL_WEIGHTS: readonly (readonly [Channel, number])[] = [
  ['chat', 70],
  ['email', 20],
  ['voice', 10],
];
const ROUTES = ['Lisbon - Oslo', 'Berlin - Madrid', 'Paris - Rome', 'London - Porto', 'Vienna - Nice'];

/** The conversations of a seed, in order. The first n of a longer plan are the plan of n. */
export function planConversations(options: { seed: number; count: number }): PlannedConversation[] {
  return Array.from({ length: options.count }, (_, index) => planConversation(options.seed, index + 1));
}

function planConversation(seed: number, number: number): PlannedConversation {
  const id = `nw-${seed}-${String(number).padStart(4, '0')}`;
  const draw = (purpose: string): number => drawUniform(seed, 'plan', number, purpose);
  const purpose = drawWeighted(PURPOSES, seed, 'plan', number, 'purpose');
  const bookingReference = `NW${1000 + Math.floor(draw('reference') * 9000)}`;
  return {
    id,
    // Some customers come back with another matter.
    userId: `nw-user-${String(1 + Math.floor(draw('user') * 600)).padStart(4, '0')}`,
    locale: drawWeighted(LOCALE_WEIGHTS, seed, 'plan', number, 'locale'),
    channel: drawWeighted(CHANNEL_WEIGHTS, seed, 'plan', number, 'channel'),
    purpose,
    bookingReference,
    wantedDate: `2027-05-${String(1 + Math.floor(draw('wanted-date') * 28)).padStart(2, '0')}`,
    moves: planMoves(purpose, draw),
    world: {
      bookings: {
        [bookingReference]: {
          route: drawOne(ROUTES, seed, 'plan', number, 'route'),
          date: `2027-04-${String(1 + Math.floor(draw('date') * 28)).padStart(2, '0')}`,
          cabin: 'economy',
          priceEur: 90 + Math.floor(draw('price') * 400),
          refundable: draw('refundable') < 0.88,
          status: 'confirmed',
        },
      },
      subscription: { plan: 'Northwind Plus', status: 'active', discountPercent: 0 },
      vouchersEur: 0,
      handoff: null,
    },
  };
}

function planMoves(purpose: Purpose, draw: (purpose: string) => number): Move[] {
  if (purpose === 'small_talk') return [{ kind: 'open', withReference: false }];
  if (purpose === 'asks_for_person') {
    const opening: Move = { kind: 'open', withReference: false };
    return draw('person-rates') < 0.3 ? [opening, { kind: 'rate' }] : [opening];
  }
  const needsReference = purpose === 'refund' || purpose === 'booking_change' || purpose === 'upgrade';
  const withReference = needsReference && draw('with-reference') < 0.6;
  const moves: Move[] = [{ kind: 'open', withReference }];
  if (needsReference && !withReference) moves.push({ kind: 'give_reference' });
  if (purpose === 'cancel_subscription') moves.push({ kind: 'answer_offer', accepts: draw('accepts') < 0.55 });
  const rates = draw('rates') < 0.3;
  // Four in ten say nothing more: the case then rests on what the systems know, or on silence.
  if (draw('reacts') < 0.6) {
    moves.push({
      kind: 'react',
      ifUnhappy: draw('if-unhappy') < 0.5 ? 'complain' : 'ask_for_person',
      // Whoever still has a rating to give has not left.
      saysGoodbye: !rates && draw('goodbye') < 0.3,
    });
  }
  if (rates) moves.push({ kind: 'rate' });
  return moves;
}
