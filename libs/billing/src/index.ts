export { BillingModule } from './billing.module.js';
export { BookedStore, episodeKeyOf } from './booking/booked.store.js';
export { BookingService, type BookingResult } from './booking/booking.service.js';
export { meterName } from './booking/meter-name.js';
export { OutboxStore, type OutboxCounts } from './outbox/outbox.store.js';
export { DeliveryService, type DeliveryReport } from './delivery/delivery.service.js';
export { type MeterEventStatus } from './delivery/delivery-state.js';
export { StripeGateway, type StripeMeterEvent } from './stripe/stripe.gateway.js';
export { type SendAnswer } from './stripe/send-answer.js';
export { StripeDirectory } from './stripe/stripe-directory.js';
export { stripeSettings, type StripeSettings } from './stripe/stripe-settings.js';
export { ReconciliationService } from './reconciliation/reconciliation.service.js';
export { ReconciliationStore } from './reconciliation/reconciliation.store.js';
export { type Break, type BreakKind, type ComparedMeter, type Reconciliation, type ReconciliationRun } from './reconciliation/reconciliation.js';
export { ContractZones } from './statements/contract-zones.js';
export { StatementReader, type StatementChoice } from './statements/statement.reader.js';
export { StatementStore } from './statements/statement.store.js';
export { minorDigits, roundedMinor } from './statements/rounded-minor.js';
export {
  type LineOutcome,
  type LineOutcomePage,
  type PeriodStatus,
  type Statement,
  type StatementLine,
  type StatementLineKey,
  type StatementPeriod,
  type StatementSummary,
} from './statements/statement.js';
export { EvidenceReader, type EvidencePart } from './evidence/evidence.reader.js';
export { MarginReader, type Margin } from './margin/margin.reader.js';
