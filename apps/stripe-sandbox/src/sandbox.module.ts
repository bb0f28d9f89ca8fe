import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Clock } from '#platform';
import { PricesController } from './catalogue/prices.controller.js';
import { ProductsController } from './catalogue/products.controller.js';
import { IndexPageController } from './control/index-page.controller.js';
import { SandboxController } from './control/sandbox.controller.js';
import { CreditNotesController } from './credit-notes/credit-notes.controller.js';
import { CustomersController } from './customers/customers.controller.js';
import { EventsController } from './events/events.controller.js';
import { ThinEventsController } from './events/thin-events.controller.js';
import { RateLimitGuard } from './http/rate-limit.guard.js';
import { StripeErrorFilter } from './http/stripe-error.filter.js';
import { InvoicesController } from './invoices/invoices.controller.js';
import { MeterEventsController } from './meters/meter-events.controller.js';
import { MetersController } from './meters/meters.controller.js';
import { SandboxBehaviour } from './sandbox-behaviour.js';
import { SandboxLimits } from './sandbox-limits.js';
import { SandboxStore } from './state/sandbox-store.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { TestClocksController } from './time/test-clocks.controller.js';
import { TickInterval } from './time/tick-interval.js';
import { TimeKeeper } from './time/time-keeper.js';
import { Deliverer } from './webhooks/deliverer.js';
import { EventDestinationsController } from './webhooks/event-destinations.controller.js';
import { WebhookEndpointsController } from './webhooks/webhook-endpoints.controller.js';
import { WebhookFaults } from './webhooks/webhook-faults.js';
import { Faults } from './writes/faults.js';
import { WriteCalls } from './writes/write-calls.js';

@Module({})
export class SandboxModule {
  static with(given: { store: SandboxStore; clock: Clock; limits: SandboxLimits; behaviour: SandboxBehaviour; interval: TickInterval }): DynamicModule {
    return {
      module: SandboxModule,
      controllers: [
        IndexPageController,
        SandboxController,
        CustomersController,
        MetersController,
        MeterEventsController,
        ProductsController,
        PricesController,
        SubscriptionsController,
        InvoicesController,
        CreditNotesController,
        EventsController,
        ThinEventsController,
        WebhookEndpointsController,
        EventDestinationsController,
        TestClocksController,
      ],
      providers: [
        { provide: SandboxStore, useValue: given.store },
        { provide: Clock, useValue: given.clock },
        { provide: SandboxLimits, useValue: given.limits },
        { provide: APP_FILTER, useClass: StripeErrorFilter },
        { provide: SandboxBehaviour, useValue: given.behaviour },
        { provide: TickInterval, useValue: given.interval },
        RateLimitGuard,
        Faults,
        WebhookFaults,
        WriteCalls,
        Deliverer,
        TimeKeeper,
      ],
    };
  }
}
