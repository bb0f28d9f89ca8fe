import type { Actor } from '../audit/audit-entry.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config/config-schema.js';
import { ApiKeys } from './api-keys.js';

const START: Actor = { kind: 'command', id: 'start' };

/** Accepts the configured admin key, if there is one. Safe to repeat. */
export async function ensureBootstrapKey(keys: ApiKeys, audit: AuditLog, config: Config): Promise<void> {
  if (config.BOOTSTRAP_API_KEY) await keys.ensure(config.ORGANIZATION, 'bootstrap', config.BOOTSTRAP_API_KEY, ['admin'], audit.by(START, 'BOOTSTRAP_API_KEY is set'));
}

/**
 * Sees to it that somebody can call: accepts the configured admin key, or else makes one for an organization that has none.
 * @returns the secret of a key that was made here; it cannot be read again
 */
export async function ensureFirstKey(keys: ApiKeys, audit: AuditLog, config: Config): Promise<string | undefined> {
  await ensureBootstrapKey(keys, audit, config);
  if (config.BOOTSTRAP_API_KEY || (await keys.hasAny(config.ORGANIZATION))) return undefined;
  const secret = ApiKeys.newSecret();
  await keys.ensure(config.ORGANIZATION, 'first start', secret, ['admin'], audit.by(START, 'no key was there'));
  return secret;
}
