import { Module } from '@nestjs/common';
import { BillingModule } from '#billing';
import { BillingController } from './billing.controller.js';
import { StatementsController } from './statements.controller.js';

/** Statements, margin, reconciliation and outbox over REST. */
@Module({ imports: [BillingModule], controllers: [StatementsController, BillingController] })
export class BillingApiModule {}
