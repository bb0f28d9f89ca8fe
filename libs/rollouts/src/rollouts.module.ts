import { Module } from '@nestjs/common';
import { FlagService } from './flag-service.js';
import { RolloutStore } from './rollout-store.js';

@Module({ providers: [RolloutStore, FlagService], exports: [RolloutStore, FlagService] })
export class RolloutsModule {}
