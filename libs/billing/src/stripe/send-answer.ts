/** What came of sending a meter event, as far as the outbox has to tell cases apart. Reasons are for people to read. */
export type SendAnswer =
  /** Stripe has it. Not yet: counted, which is checked later and seen in the meter's total. */
  | { kind: 'accepted' }
  /** Stripe had it before. */
  | { kind: 'already_known' }
  /** Stripe has not taken it, for a reason that passes. */
  | { kind: 'retry'; afterMs: number; reason: string }
  /** Stripe may or may not have it. */
  | { kind: 'ambiguous'; reason: string }
  /** Stripe has refused it, and will again. */
  | { kind: 'rejected'; code: string; message: string };
