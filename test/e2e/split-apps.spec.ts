import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, distMain } from '../support/build.js';
import { ServiceProcess } from '../support/service-process.js';

const SPANS = {
  resourceSpans: [
    {
      scopeSpans: [
        { spans: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'chat', startTimeUnixNano: '1793000000000000000', endTimeUnixNano: '1793000001000000000' }] },
      ],
    },
  ],
};

describe('each app alone, on embedded stores of its own', () => {
  const ingest = new ServiceProcess('ingest');
  const api = new ServiceProcess('api');
  const worker = new ServiceProcess('worker');
  // Long enough that a socket in it would have no room for its name, and closed to the user that PostgreSQL runs as under root.
  const otherTemporary = mkdtempSync(join(tmpdir(), `${'deep-'.repeat(16)}-`));

  beforeAll(() => build(), 120_000);
  afterAll(async () => {
    await Promise.all([ingest, api, worker].map((app) => app.stop()));
    rmSync(otherTemporary, { recursive: true, force: true });
  });

  it('ingest takes spans with the bootstrap key', async () => {
    await ingest.start();
    expect((await fetch(`${ingest.url}/healthz`)).status).toBe(200);
    const send = (key: string) =>
      fetch(`${ingest.url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` }, body: JSON.stringify(SPANS) });
    expect((await send(ingest.key)).status).toBe(200);
    expect((await send(api.key)).status).toBe(401);
    expect(await ingest.kill('SIGTERM')).toBe(0);
  });

  it('api is ready and answers to the bootstrap key', async () => {
    await api.start();
    expect(await api.get('/readyz')).toEqual({ status: 'ready' });
    expect(await api.get('/api/v1/usage')).toMatchObject({ spans: 0 });
  });

  it('a second app on the directory is refused, whatever its TMPDIR, and the first goes on', async () => {
    const second = spawnSync(process.execPath, [distMain('worker')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: api.directory, TMPDIR: otherTemporary },
    });
    expect(second.status).toBe(2);
    expect(second.stderr).toMatch(/is in use by another Astrolabe process: stop that one first, .*to run the apps apart, set DATABASE_URL and CLICKHOUSE_URL/);
    expect(await api.get('/readyz')).toEqual({ status: 'ready' });
  });

  it('a killed app is followed by one with another TMPDIR, which stops the PostgreSQL that was left behind', async () => {
    await api.kill('SIGKILL');
    await api.start({ TMPDIR: otherTemporary });
    expect(await api.get('/api/v1/usage')).toMatchObject({ spans: 0 });
    expect(await api.kill('SIGTERM')).toBe(0);
  });

  it('worker comes up and stops cleanly', async () => {
    await worker.start();
    expect(await worker.kill('SIGTERM')).toBe(0);
  });

  it('api makes a key where there is none, and tells it once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'astrolabe-e2e-'));
    try {
      const first = await announcementOf(directory);
      const key = /Admin API key, shown this once: (astk_[0-9a-f]{64})\n/.exec(first)?.[1];
      expect(first).toContain(`/?key=${key}`);
      expect(await announcementOf(directory)).not.toMatch(/astk_/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/** What an API that a person starts says, up to its clean end. */
async function announcementOf(directory: string): Promise<string> {
  const child = spawn(process.execPath, [distMain('api')], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '', DATA_DIR: directory, PORT: '0', LOG_LEVEL: 'warn' } });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const announced = /Astrolabe API and pages at (\S+)\n/.exec(said)?.[1];
      if (announced) resolve(announced);
    });
    void exited.then((code) => reject(new Error(`the API ended with code ${code}: ${said}`)));
  });
  // An answer comes after the turn that announced it, at whose end signals are heard.
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  return said;
}
