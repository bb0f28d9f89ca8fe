import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../project-root.js';
import { envExample, loadConfig } from './load-config.js';

describe('loadConfig', () => {
  it('has a usable default for everything', () => {
    const config = loadConfig({});
    expect(config.PORT).toBe(4318);
    expect(config.DATABASE_URL).toBeUndefined();
  });

  it('lists every problem at once and no secret', () => {
    const attempt = () => loadConfig({ PORT: '99999', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://user:hunter2@host/db' });
    expect(attempt).toThrow(/PORT="99999"[\s\S]*LOG_LEVEL="loud"[\s\S]*DATABASE_URL=\(secret\): must be a URL that starts with postgres:/);
    expect(attempt).not.toThrow(/hunter2/);
  });

  it('has room for the largest request', () => {
    expect(() => loadConfig({ INGEST_DECOMPRESSED_BYTES_MAX: '300000000' })).toThrow(/INGEST_HELD_BYTES_MAX=undefined: must be at least twice/);
    expect(loadConfig({ INGEST_DECOMPRESSED_BYTES_MAX: '300000000', INGEST_HELD_BYTES_MAX: '700000000' }).INGEST_HELD_BYTES_MAX).toBe(700_000_000);
  });

  it('takes an empty value as not set', () => {
    expect(loadConfig({ PORT: '', STRIPE_SECRET_KEY: '' }).PORT).toBe(4318);
  });

  it('has its settings written down in .env.example', () => {
    expect(readFileSync(join(projectRoot(), '.env.example'), 'utf8')).toBe(envExample());
  });
});
