import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { BillingModule } from '#billing';
import { OutcomesModule } from '#outcomes';
import { JobScheduler } from './job-scheduler.js';

@Module({ imports: [ScheduleModule.forRoot(), OutcomesModule, BillingModule], providers: [JobScheduler] })
export class WorkerModule {}
