import { Module } from '@nestjs/common';
import { TracesModule } from '#traces';
import { TelemetryController } from './telemetry.controller.js';

/** What is kept of an organization's telemetry, over REST. Needs PlatformModule. */
@Module({ imports: [TracesModule], controllers: [TelemetryController] })
export class TelemetryApiModule {}
