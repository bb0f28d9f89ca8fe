export { BillingModule } from './billing.module.js';
export { BookedStore, episodeKeyOf } from './booking/booked.store.js';
export { Books } from './booking/books.js';
export { BookingService, type BookingResult } from './booking/booking.service.js';
export { meterName } from './booking/meter-name.js';
export { OutboxStore, type OutboxCounts } from './outbox/outbox.store.js';
export { DeliveryService, type DeliveryReport } from './delivery/delivery.service.js';
export { Pacer } from './delivery/pacer.js';
export { type MeterEventStatus } from './delivery/delivery-state.js';
export { StripeGateway, type StripeMeterEvent } from './stripe/stripe.gateway.js';
export { type SendAnswer } from './stripe/send-answer.js';
export { StripeDirectory } from './stripe/stripe-directory.js';
export { stripeSettings, type StripeSettings } from './stripe/stripe-settings.js';
export { ReconciliationService } from './reconciliation/reconciliation.service.js';
export { ReconciliationStore } from './reconciliation/reconciliation.store.js';
export { type Break, type BreakKind, type ComparedMeter, type Reconciliation, type ReconciliationRun } from './reconciliation/reconciliation.js';
export { StatementReader, type StatementChoice } from './statements/statement.reader.js';
export { StatementStore } from './statements/statement.store.js';
export { minorDigits, roundedMinor } from './statements/rounded-minor.js';
export { StripeCatalogue } from './stripe/catalogue.gateway.js';
export { ProvisioningService, type ProvisioningPlan } from './provisioning/provisioning.service.js';
export { type PlannedObject } from './provisioning/provisioning-plan.js';
export { InvoiceService, type DraftVerdict } from './invoices/invoice.service.js';
export { InvoiceStore, type StoredInvoice } from './invoices/invoice.store.js';
export { StripeInvoices } from './stripe/invoices.gateway.js';
export { ClosingService, type ClosedPeriod, type SnapshotDifference } from './closing/closing.service.js';
export { ClosingStore } from './closing/closing.store.js';
export {
  type ChargeOutcome,
  type ChargeOutcomePage,
  type Statement,
  type StatementCharge,
  type StatementChargeKey,
  type StatementLine,
  type StatementPeriod,
  type StatementSummary,
} from './statements/statement.js';
export { MarginReader, type Margin } from './margin/margin.reader.js';
export { EvidenceStore } from './evidence/evidence.store.js';
export { EvidenceReader } from './evidence/evidence.reader.js';
export { type EvidenceRecord, type EvidenceStatement } from './evidence/evidence-record.js';
export { parseStatementId, statementIdOf, type NamedStatement } from './evidence/statement-id.js';
export { writeBundle, type WrittenBundle } from './evidence/write-bundle.js';
