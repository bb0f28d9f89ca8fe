import { Module } from '@nestjs/common';
import { EvalsStore } from './evals-store.js';
import { Runs } from './runs.js';

@Module({ providers: [EvalsStore, Runs], exports: [Runs] })
export class EvalsModule {}
