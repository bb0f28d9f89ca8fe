import type { Config } from '../config/config-schema.js';
import { ApiKeys } from './api-keys.js';

/** Accepts the configured admin key, if there is one. Safe to repeat. */
export async function ensureBootstrapKey(keys: ApiKeys, config: Config): Promise<void> {
  if (config.BOOTSTRAP_API_KEY) await keys.ensure(config.ORGANIZATION, 'bootstrap', config.BOOTSTRAP_API_KEY, ['admin']);
}

/**
 * Sees to it that somebody can call: accepts the configured admin key, or else makes one for an organization that has none.
 * @returns the secret of a key that was made here; it cannot be read again
 */
export async function ensureFirstKey(keys: ApiKeys, config: Config): Promise<string | undefined> {
  await ensureBootstrapKey(keys, config);
  if (config.BOOTSTRAP_API_KEY || (await keys.hasAny(config.ORGANIZATION))) return undefined;
  const secret = ApiKeys.newSecret();
  await keys.ensure(config.ORGANIZATION, 'first start', secret, ['admin']);
  return secret;
}
