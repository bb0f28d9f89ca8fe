import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiKeys } from '#platform';

/** The demo's admin key: made on the first run, and kept beside its data so that a second run finds the same organization. */
export function demoKey(dataDirectory: string): string {
  mkdirSync(dataDirectory, { recursive: true });
  const path = join(dataDirectory, 'demo-api-key');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const key = ApiKeys.newSecret();
    writeFileSync(path, `${key}\n`, { mode: 0o600 });
    return key;
  }
}
