import type { Database, Tx } from '#platform';
import { DEFAULT_TELEMETRY_SETTINGS, type TelemetrySettings } from './content-policy.js';

/** What an organization set, or the defaults. */
export async function readTelemetrySettings(db: Database | Tx, organizationId: string): Promise<TelemetrySettings> {
  const row = await db
    .selectFrom('telemetrySettings')
    .select(['keepsContent', 'contentBytesMax', 'redactPatterns', 'redactKeys', 'contentRetentionDays', 'spanRetentionDays'])
    .where('organizationId', '=', organizationId)
    .executeTakeFirst();
  return row ?? DEFAULT_TELEMETRY_SETTINGS;
}
