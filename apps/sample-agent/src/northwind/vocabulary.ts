/** The words that the agent, its scripted models and its simulated customers share. */

export const CUSTOMER_ID = 'northwind-travel';
export const AGENT_NAME = 'northwind-concierge';
export const REASON_FLAG = 'northwind-concierge.reason';

export const LOCALES = ['en-GB', 'de-DE', 'fr-FR', 'es-ES'] as const;
export type Locale = (typeof LOCALES)[number];

export type Channel = 'chat' | 'email' | 'voice';

/** What a customer may want done. */
export const CASE_INTENTS = [
  'booking_change',
  'refund',
  'cancel_subscription',
  'baggage_question',
  'upgrade',
  'complaint',
] as const;
export type CaseIntent = (typeof CASE_INTENTS)[number];

/** Everything a message may be classified as: a case, or a move within a conversation. */
export const INTENTS = [
  ...CASE_INTENTS,
  'asks_for_person',
  'provide_details',
  'accept_offer',
  'decline_offer',
  'confirmation',
  'rating',
  'dissatisfied',
  'greeting',
  'other',
] as const;
export type Intent = (typeof INTENTS)[number];

export function isCaseIntent(intent: Intent): intent is CaseIntent {
  return (CASE_INTENTS as readonly Intent[]).includes(intent);
}

/** What the reasoning step may decide to do about a case. */
export const DECISIONS = [
  'issue_refund',
  'change_booking',
  'offer_retention',
  'cancel_subscription',
  'upgrade_booking',
  'give_voucher',
  'answer',
  'decline',
  'escalate',
] as const;

export interface Decision {
  decision: (typeof DECISIONS)[number];
  /** What the tool that carries it out is called with. */
  arguments: Record<string, string | number>;
  /** 0 to 1, as the model sees it. */
  confidence: number;
}

/** What the reply has to say; the phrasing model turns it into a sentence in the customer's language. */
export const SITUATIONS = [
  'refunded',
  'changed',
  'retention_offered',
  'retained',
  'cancelled',
  'upgraded',
  'voucher_given',
  'answered',
  'declined',
  'reference_needed',
  'handed_off',
  'welcome',
  'thanks_for_confirming',
  'thanks_for_rating',
  'clarify',
  'tool_failed',
] as const;
export type Situation = (typeof SITUATIONS)[number];
