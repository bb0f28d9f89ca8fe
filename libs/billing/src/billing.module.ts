import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '#platform';
import { LedgerStore, PeriodStore, ProjectionStore } from '#ledger';
import { OutcomesModule } from '#outcomes';
import { BookedStore } from './booking/booked.store.js';
import { BookingService } from './booking/booking.service.js';
import { Books } from './booking/books.js';
import { ClosingService } from './closing/closing.service.js';
import { ClosingStore } from './closing/closing.store.js';
import { DeliveryService, RANDOM } from './delivery/delivery.service.js';
import { Pacer } from './delivery/pacer.js';
import { EvidenceReader } from './evidence/evidence.reader.js';
import { EvidenceStore } from './evidence/evidence.store.js';
import { InvoiceService } from './invoices/invoice.service.js';
import { InvoiceStore } from './invoices/invoice.store.js';
import { MarginReader } from './margin/margin.reader.js';
import { OutboxStore } from './outbox/outbox.store.js';
import { ProvisioningService } from './provisioning/provisioning.service.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';
import { ReconciliationStore } from './reconciliation/reconciliation.store.js';
import { StatementReader } from './statements/statement.reader.js';
import { StatementStore } from './statements/statement.store.js';
import { StripeDirectory } from './stripe/stripe-directory.js';
import { StripeGateway } from './stripe/stripe.gateway.js';
import { StripeCatalogue } from './stripe/catalogue.gateway.js';
import { StripeInvoices } from './stripe/invoices.gateway.js';
import { stripeSettings } from './stripe/stripe-settings.js';

/** Needs PlatformModule. Who starts the Stripe sandbox on a free port puts its address into the configuration as STRIPE_API_URL. */
@Module({
  imports: [OutcomesModule],
  providers: [
    LedgerStore,
    PeriodStore,
    ProjectionStore,
    BookedStore,
    Books,
    OutboxStore,
    ReconciliationStore,
    StatementStore,
    ClosingStore,
    InvoiceStore,
    StripeDirectory,
    { provide: StripeInvoices, useFactory: (config: Config) => new StripeInvoices(stripeSettings(config)), inject: [CONFIG] },
    { provide: StripeCatalogue, useFactory: (config: Config) => new StripeCatalogue(stripeSettings(config)), inject: [CONFIG] },
    { provide: StripeGateway, useFactory: (config: Config) => new StripeGateway(stripeSettings(config)), inject: [CONFIG] },
    { provide: RANDOM, useValue: Math.random },
    { provide: Pacer, useFactory: (config: Config) => new Pacer(config.STRIPE_CALLS_PER_SECOND), inject: [CONFIG] },
    BookingService,
    ClosingService,
    ProvisioningService,
    InvoiceService,
    DeliveryService,
    ReconciliationService,
    StatementReader,
    EvidenceStore,
    EvidenceReader,
    MarginReader,
  ],
  exports: [LedgerStore, PeriodStore, ProjectionStore, BookedStore, OutboxStore, BookingService, ClosingService, ProvisioningService, InvoiceStore, InvoiceService, DeliveryService, ReconciliationService, StatementReader, EvidenceReader, MarginReader],
})
export class BillingModule {}
