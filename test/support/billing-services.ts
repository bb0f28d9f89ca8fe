import {
  BookedStore,
  BookingService,
  Books,
  ClosingService,
  ClosingStore,
  DeliveryService,
  MarginReader,
  OutboxStore,
  Pacer,
  ReconciliationService,
  ReconciliationStore,
  StatementReader,
  StatementStore,
  StripeDirectory,
  type StripeGateway,
} from '#billing';
import { LedgerStore, PeriodStore, ProjectionStore } from '#ledger';
import { ContractStore } from '#outcomes';
import { createLogger, type Clock, type Database } from '#platform';

/** What books, without what speaks to Stripe. */
export function bookingServices(db: Database, clock: Clock) {
  const [periods, projections, outbox] = [new PeriodStore(), new ProjectionStore(), new OutboxStore(db)];
  const ledger = new LedgerStore(projections);
  const books = new Books(ledger, projections, outbox, clock);
  return { periods, projections, outbox, ledger, books, booking: new BookingService(new BookedStore(ledger), periods, books) };
}

/** The services as a process of its own would build them. Jitter is none: `random` is 0. */
export function billingServices(db: Database, clock: Clock, gateway: StripeGateway, { graceMs = 1_800_000 } = {}) {
  const booked = bookingServices(db, clock);
  const { periods, projections, outbox, ledger, books } = booked;
  const directory = new StripeDirectory(db, gateway, clock);
  const reconciliations = new ReconciliationStore(db, outbox);
  const contracts = new ContractStore(db, clock);
  const statements = new StatementReader(new StatementStore(db), projections, reconciliations, clock);
  return {
    ...booked,
    directory,
    contracts,
    statements,
    delivery: new DeliveryService(outbox, directory, gateway, clock, new Pacer(10_000), () => 0),
    reconciliation: new ReconciliationService(reconciliations, directory, gateway, clock),
    closing: new ClosingService(db, clock, { PERIOD_GRACE_MS: graceMs }, createLogger('silent', 'test'), contracts, periods, ledger, projections, books, statements, new ClosingStore(db)),
    margins: new MarginReader(db),
  };
}
