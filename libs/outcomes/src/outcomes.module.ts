import { Module } from '@nestjs/common';
import { TraceReader } from '#traces';
import { ContractStore } from './contract-store.js';
import { DecisionStore } from './decision-store.js';
import { DecisionService } from './decision.service.js';
import { OutcomeMirror } from './outcome-mirror.js';
import { PendingStore } from './pending-store.js';

const services = [TraceReader, ContractStore, PendingStore, DecisionStore, DecisionService, OutcomeMirror];

@Module({ providers: services, exports: services })
export class OutcomesModule {}
