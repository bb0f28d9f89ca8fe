import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiKeys, DomainError, type Scope } from '#platform';
import { ServiceClient } from '../service-client.js';

/*
 * The demo's keys: made on the first run, and kept beside its data, for the owner's eyes, so that a second run finds the same organization
 * and the addresses that the first one printed still open.
 */

/** The admin key, which the service is started with. */
export function demoAdminKey(dataDirectory: string): string {
  mkdirSync(dataDirectory, { recursive: true });
  return read(dataDirectory, 'demo-api-key') ?? keep(dataDirectory, 'demo-api-key', ApiKeys.newSecret());
}

/** A key for one purpose, with `read` among its scopes; made again when the service no longer takes the one that was kept. */
export async function demoKey(service: { url: string; adminKey: string }, dataDirectory: string, name: string, scopes: readonly ['read', ...Scope[]]): Promise<string> {
  const fileName = `demo-${name}-key`;
  const kept = read(dataDirectory, fileName);
  if (kept !== undefined && (await works(service.url, kept))) return kept;
  const { secret } = await new ServiceClient(service.url, service.adminKey).send<{ secret: string }>('POST', '/api/v1/keys', { name: `demo ${name}`, scopes });
  return keep(dataDirectory, fileName, secret);
}

async function works(url: string, key: string): Promise<boolean> {
  try {
    await new ServiceClient(url, key).get('/api/v1/contracts');
    return true;
  } catch (error) {
    if (error instanceof DomainError && (error.kind === 'unauthenticated' || error.kind === 'forbidden')) return false;
    throw error;
  }
}

function read(dataDirectory: string, fileName: string): string | undefined {
  try {
    return readFileSync(join(dataDirectory, fileName), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function keep(dataDirectory: string, fileName: string, key: string): string {
  writeFileSync(join(dataDirectory, fileName), `${key}\n`, { mode: 0o600 });
  return key;
}
