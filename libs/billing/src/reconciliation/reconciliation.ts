import type { Micros } from '#platform';

export type BreakKind = 'missing_in_stripe' | 'extra_in_stripe' | 'amount_mismatch' | 'orphan_posting' | 'rejected';

/** What must not be, by name, with what is needed to look into it. Amounts in `detail` are micros as decimal strings. */
export interface Break {
  customerId: string;
  kind: BreakKind;
  detail: Record<string, string | null>;
}

/** The four layers for one customer, meter and period. All in micros of `currency`. */
export interface ComparedMeter {
  customerId: string;
  eventName: string;
  currency: string;
  periodStart: Date;
  periodEnd: Date;
  /** Recounted from the decisions. */
  evidenceMicros: Micros;
  ledgerMicros: Micros;
  /** Everything in the outbox, whatever its state. */
  outboxMicros: Micros;
  /** Of that: not sent yet, refused, and told to Stripe. */
  pendingMicros: Micros;
  failedMicros: Micros;
  toldMicros: Micros;
  /** Of what was told: not counted by Stripe yet, within its lag. */
  inFlightMicros: Micros;
  stripeMicros: Micros;
}

export interface Reconciliation {
  id: string;
  ranAt: Date;
  meters: ComparedMeter[];
  breaks: Break[];
}

/** What one run did. */
export interface ReconciliationRun extends Reconciliation {
  confirmedCount: number;
  requeuedCount: number;
}
