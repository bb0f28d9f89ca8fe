import { Module } from '@nestjs/common';
import { BillingModule } from '#billing';
import { BillingController } from './billing.controller.js';
import { BooksController } from './books.controller.js';
import { StripeController } from './stripe.controller.js';
import { StatementsController } from './statements.controller.js';

/** Statements, books, margin, reconciliation, outbox and what there is at Stripe over REST. */
@Module({ imports: [BillingModule], controllers: [StatementsController, BillingController, BooksController, StripeController] })
export class BillingApiModule {}
