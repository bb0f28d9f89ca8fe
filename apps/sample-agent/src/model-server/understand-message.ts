import type { Intent, Locale } from '../northwind/vocabulary.js';

// Rules in the order in which they win: a message about a refund for a delay is a refund.
const RULES: readonly (readonly [Intent, RegExp])[] = [
  ['rating', /\b[1-5]\s*(\/|out of|von|sur|de)\s*5\b/i],
  ['asks_for_person', /\b(human|real person|speak to (a|some)|mensch|mitarbeiter|conseiller|une vraie personne|una persona|agente)/i],
  ['dissatisfied', /(not what i|that is wrong|did(n't| not) help|nicht was ich|nicht geholfen|pas ce que|n'aide pas|no es lo que|no me ayuda)/i],
  ['refund', /(refund|money back|erstatt|geld zurück|rembours|reembols)/i],
  ['cancel_subscription', /(cancel.*(plus|subscription|membership)|kündig|résilier|darme de baja|cancelar.*plus)/i],
  ['booking_change', /\b(change|move|rebook|umbuchen|verschieben|verlegen|changer|déplacer|décaler|cambiar|mover)\b/i],
  ['upgrade', /(upgrade|business)/i],
  ['baggage_question', /(\bbag|luggage|suitcase|gepäck|koffer|valise|equipaje|maleta)/i],
  ['complaint', /(complain|unacceptable|beschwer|inakzeptabel|plainte|inacceptable|inaceptable|queja)/i],
  ['confirmation', /(thank|perfect|that worked|danke|super|hat geklappt|merci|parfait|gracias|perfecto)/i],
  ['provide_details', /\bNW\d{4}\b/],
  ['greeting', /^(hi|hello|hey|hallo|guten tag|bonjour|salut|hola|buenas)\b/i],
];

// Only an open offer can be accepted or declined; elsewhere the same words mean something else.
const DECLINES_OFFER = /(cancel anyway|no thanks|trotzdem|nein danke|quand même|non merci|de todos modos|no, gracias)/i;
const ACCEPTS_OFFER = /\b(i('| wi)ll stay|keep it|deal|ich bleibe|behalte|je reste|je garde|me quedo|acepto)\b/i;

const CLOSING = /\b(bye|goodbye|tschüss|au revoir|adiós)/i;
const RATING = /\b([1-5])\s*(?:\/|out of|von|sur|de)\s*5\b/i;

/** What a careful reader makes of a message, given whether an offer is on the table. The script's truth, before a model's mistakes. */
export function understandMessage(message: string, offerOpen: boolean): { intent: Intent; rating: number | null; closing: boolean } {
  const rating = RATING.exec(message)?.[1];
  return { intent: intentOf(message, offerOpen), rating: rating === undefined ? null : Number(rating), closing: CLOSING.test(message) };
}

function intentOf(message: string, offerOpen: boolean): Intent {
  if (offerOpen && DECLINES_OFFER.test(message)) return 'decline_offer';
  if (offerOpen && ACCEPTS_OFFER.test(message)) return 'accept_offer';
  return RULES.find(([, pattern]) => pattern.test(message))?.[0] ?? 'other';
}

export function detectLocale(message: string): Locale {
  if (/(\b(ich|bitte|mein|meine|danke|hallo|nicht|der|und|mit)\b|ü|ß)/i.test(message)) return 'de-DE';
  if (/\b(je|mon|ma|merci|bonjour|vous|une|est|réservation)\b/i.test(message)) return 'fr-FR';
  if (/(\b(mi|hola|gracias|quiero|puedo|una|para|reserva)\b|¿|ñ)/i.test(message)) return 'es-ES';
  return 'en-GB';
}

export function extractEntities(message: string): { bookingReference: string | null; date: string | null } {
  return { bookingReference: /\bNW\d{4}\b/.exec(message)?.[0] ?? null, date: /\b\d{4}-\d{2}-\d{2}\b/.exec(message)?.[0] ?? null };
}

export function detectSentiment(message: string): 'negative' | 'neutral' | 'positive' {
  const negative = /(unacceptable|wrong|complain|inakzeptabel|beschwer|inacceptable|plainte|inaceptable|queja|nicht was|pas ce que|no es lo)/i;
  if (negative.test(message)) return 'negative';
  return /(thank|perfect|danke|super|merci|parfait|gracias|perfecto)/i.test(message) ? 'positive' : 'neutral';
}
