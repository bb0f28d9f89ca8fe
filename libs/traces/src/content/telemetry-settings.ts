import { Injectable } from '@nestjs/common';
import { ClickHouse, Clock, Postgres, type Database } from '#platform';
import { setRetentionQuery } from '../queries/set-retention.query.js';
import { ContentPolicy, DEFAULT_TELEMETRY_SETTINGS, contentRetentionDays, type TelemetrySettings } from './content-policy.js';

/** What an organization set, or the defaults. */
export async function readTelemetrySettings(db: Database, organizationId: string): Promise<TelemetrySettings> {
  const row = await db
    .selectFrom('telemetrySettings')
    .select(['keepsContent', 'contentBytesMax', 'redactPatterns', 'redactKeys', 'contentRetentionDays', 'spanRetentionDays'])
    .where('organizationId', '=', organizationId)
    .executeTakeFirst();
  return row ?? DEFAULT_TELEMETRY_SETTINGS;
}

/** What is kept of an organization's telemetry, and for how long. Receivers take a change over within ten seconds. */
@Injectable()
export class TelemetrySettingsService {
  constructor(
    private readonly db: Postgres,
    private readonly clickhouse: ClickHouse,
    private readonly clock: Clock,
  ) {}

  read(organizationId: string): Promise<TelemetrySettings> {
    return readTelemetrySettings(this.db, organizationId);
  }

  /**
   * Rows that are there already follow a change of retention. Safe to repeat.
   * @throws DomainError `invalid_redaction_pattern`
   */
  async write(organizationId: string, settings: TelemetrySettings): Promise<void> {
    // It is compiled here so that a pattern that is none is refused now, and not when spans come.
    new ContentPolicy(settings);
    const row = { ...settings, redactPatterns: [...settings.redactPatterns], redactKeys: [...settings.redactKeys], updatedAt: this.clock.now() };
    await this.db
      .insertInto('telemetrySettings')
      .values({ organizationId, ...row })
      .onConflict((conflict) => conflict.column('organizationId').doUpdateSet(row))
      .execute();
    await this.clickhouse.run(setRetentionQuery({ table: 'spans', organizationId, retentionDays: settings.spanRetentionDays }));
    await this.clickhouse.run(setRetentionQuery({ table: 'span_contents', organizationId, retentionDays: contentRetentionDays(settings) }));
  }
}
