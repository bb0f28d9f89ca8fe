import { Module } from '@nestjs/common';
import { ContentErasures } from './content/content-erasures.js';
import { TelemetrySettingsService } from './content/telemetry-settings.js';
import { TraceReader } from './trace-reader.js';

/** Readers of what was sent, and what is kept of it. Needs PlatformModule. */
@Module({ providers: [TraceReader, TelemetrySettingsService, ContentErasures], exports: [TraceReader, TelemetrySettingsService, ContentErasures] })
export class TracesModule {}
