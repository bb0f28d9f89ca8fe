import { Module } from '@nestjs/common';
import { EvalsModule } from '#evals';
import { EvalsController } from './evals.controller.js';

/** The REST face of suites, runs and comparisons. */
@Module({ imports: [EvalsModule], controllers: [EvalsController] })
export class EvalsApiModule {}
