export { receivableOf, revenueOf, type Account } from './chart-of-accounts.js';
export { parsePeriod, periodLabel, periodOf, periodStartRange, type Period } from './period.js';
export {
  assertBalanced,
  entriesForOutcome,
  entriesForReversal,
  outcomePosting,
  receivableMovement,
  reversalPosting,
  type Entry,
  type OutcomeBooking,
  type Posting,
} from './posting.js';
export { LedgerStore, type Balance, type BalanceFilter } from './ledger.store.js';
