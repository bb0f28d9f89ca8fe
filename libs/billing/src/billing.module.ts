import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '#platform';
import { LedgerStore } from '#ledger';
import { OutcomesModule } from '#outcomes';
import { BookedStore } from './booking/booked.store.js';
import { BookingService } from './booking/booking.service.js';
import { DeliveryService, RANDOM } from './delivery/delivery.service.js';
import { EvidenceReader } from './evidence/evidence.reader.js';
import { MarginReader } from './margin/margin.reader.js';
import { OutboxStore } from './outbox/outbox.store.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { ReconciliationStore } from './reconciliation/reconciliation.store.js';
import { ContractZones } from './statements/contract-zones.js';
import { StatementReader } from './statements/statement.reader.js';
import { StatementStore } from './statements/statement.store.js';
import { StripeDirectory } from './stripe/stripe-directory.js';
import { StripeGateway } from './stripe/stripe.gateway.js';
import { stripeSettings } from './stripe/stripe-settings.js';

/** Needs PlatformModule. Who starts the Stripe sandbox on a free port puts its address into the configuration as STRIPE_API_URL. */
@Module({
  imports: [OutcomesModule],
  providers: [
    LedgerStore,
    BookedStore,
    OutboxStore,
    ReconciliationStore,
    StatementStore,
    ContractZones,
    StripeDirectory,
    { provide: StripeGateway, useFactory: (config: Config) => new StripeGateway(stripeSettings(config)), inject: [CONFIG] },
    { provide: RANDOM, useValue: Math.random },
    BookingService,
    DeliveryService,
    ReconciliationService,
    StatementReader,
    EvidenceReader,
    MarginReader,
  ],
  exports: [LedgerStore, BookedStore, OutboxStore, BookingService, DeliveryService, ReconciliationService, StatementReader, EvidenceReader, MarginReader],
})
export class BillingModule {}
