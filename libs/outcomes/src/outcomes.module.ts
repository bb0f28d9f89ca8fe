import { Module } from '@nestjs/common';
import { TracesModule } from '#traces';
import { ContractStore } from './contract-store.js';
import { DecisionStore } from './decision-store.js';
import { DecisionService } from './decision.service.js';
import { LossStore } from './losses/loss-store.js';
import { LossService } from './losses/loss.service.js';
import { OutcomeMirror } from './outcome-mirror.js';
import { PendingStore } from './pending-store.js';
import { ReplayStore } from './replay/replay-store.js';
import { ReplayService } from './replay/replay.service.js';
import { ReviewStore } from './review/review-store.js';
import { ReviewService } from './review/review.service.js';
import { ShadowStore } from './replay/shadow-store.js';
import { ShadowService } from './replay/shadow.service.js';
import { TrackingService } from './tracking.service.js';

const services = [ContractStore, PendingStore, DecisionStore, TrackingService, DecisionService, OutcomeMirror, ReplayStore, ReplayService, ShadowStore, ShadowService, LossStore, LossService, ReviewStore, ReviewService];

@Module({ imports: [TracesModule], providers: services, exports: [...services, TracesModule] })
export class OutcomesModule {}
