export { outcomeCharge, roundingCharge, termCharge, type Charge, type ChargeKind, type OutcomeCharge, type TermCharge, type TermKind } from './charge.js';
export { receivableOf, repricingOf, revenueOf, TERM_ACCOUNTS, type Account } from './chart-of-accounts.js';
export { LedgerStore, chargeOf } from './ledger.store.js';
export { lastInstant, parsePeriod, periodLabel, periodOf, periodStartRange, type Period } from './period.js';
export { bookingAt, PeriodStore, periodStatus, takingBackAt, type BookPeriod, type Calendar, type PeriodStatus } from './period.store.js';
export { adjustmentPosting, outcomePosting, receivableMovement, reversalPosting, type Booking, type Entry, type Posting, type PostingKind } from './posting.js';
export { addTotals, bookedMicros, chargeTotalOf, NO_TOTAL, ProjectionStore, totalOf, type Balance, type ChargeTotal, type ProjectionDifference } from './projection.store.js';
