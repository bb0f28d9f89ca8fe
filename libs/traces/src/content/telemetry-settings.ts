import { Injectable } from '@nestjs/common';
import { ClickHouse, Clock, Postgres, changedFields, type Audit, type Database } from '#platform';
import { otherRetentionQuery, setRetentionQuery, type OtherRetentionRow, type RetentionToSet } from '../queries/set-retention.query.js';
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
  async write(organizationId: string, settings: TelemetrySettings, audit?: Audit): Promise<void> {
    // It is compiled here so that a pattern that is none is refused now, and not when spans come.
    new ContentPolicy(settings);
    const row = { ...settings, redactPatterns: [...settings.redactPatterns], redactKeys: [...settings.redactKeys], updatedAt: this.clock.now() };
    await this.db.transaction().execute(async (tx) => {
      await tx.selectFrom('telemetrySettings').select('organizationId').where('organizationId', '=', organizationId).forUpdate().execute();
      const changed = changedFields(await readTelemetrySettings(tx, organizationId), settings);
      await tx
        .insertInto('telemetrySettings')
        .values({ organizationId, ...row })
        .onConflict((conflict) => conflict.column('organizationId').doUpdateSet(row))
        .execute();
      if (Object.keys(changed.after).length > 0) await audit?.record(tx, { organizationId, action: 'telemetry.settings_changed', subject: { kind: 'organization', id: organizationId }, ...changed });
    });
    await this.#applyTo('spans', organizationId, settings.spanRetentionDays);
    await this.#applyTo('span_contents', organizationId, contentRetentionDays(settings));
  }

  /**
   * Lets rows follow the settings that came in under earlier ones: from a receiver that had not taken them over, from a spool, or while the
   * store was away when they changed. Cheap when there are none; while rows are changed already it leaves them to the next time.
   */
  async applyRetention(organizationId: string): Promise<void> {
    const settings = await this.read(organizationId);
    for (const [table, retentionDays] of [['spans', settings.spanRetentionDays], ['span_contents', contentRetentionDays(settings)]] as const) {
      const [found] = await this.clickhouse.rows<OtherRetentionRow>(otherRetentionQuery({ table, organizationId, retentionDays }));
      if (found?.is_other && Number(found.running) === 0) await this.#applyTo(table, organizationId, retentionDays);
    }
  }

  async #applyTo(table: RetentionToSet['table'], organizationId: string, retentionDays: number): Promise<void> {
    await this.clickhouse.run(setRetentionQuery({ table, organizationId, retentionDays }));
  }
}
