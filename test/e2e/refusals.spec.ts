import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { build, distMain } from '../support/build.js';
import { ServiceProcess } from '../support/service-process.js';

/** A Node.js that is too old for us, where this machine has one. */
function oldNode(): string | undefined {
  const found = spawnSync('which', ['-a', 'node'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  return found.find((path) => Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })) < 22);
}

describe('what the service refuses to start on', () => {
  const service = new ServiceProcess();
  const start = (node: string, env: Record<string, string>) => spawnSync(node, [distMain('standalone')], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...env } });

  beforeAll(async () => {
    build();
    await service.start();
  }, 120_000);
  afterAll(() => service.stop());

  it('a data directory that another process owns', () => {
    const { status, stderr } = start(process.execPath, { DATA_DIR: service.directory, PORT: '0' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/is in use by another Astrolabe process: stop that one first, or set DATA_DIR/);
  });

  it('settings that are wrong, all of them named at once', () => {
    const { status, stderr } = start(process.execPath, { PORT: 'abc', CLICKHOUSE_URL: 'ftp://x', STRIPE_SECRET_KEY: 'pk_live_public' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/PORT="abc"/);
    expect(stderr).toMatch(/CLICKHOUSE_URL=\(secret\): must be a URL that starts with http:/);
    expect(stderr).toMatch(/STRIPE_SECRET_KEY=\(secret\): must start with sk_ or rk_/);
    expect(stderr).not.toContain('pk_live_public');
  });

  it('a PostgreSQL that does not answer', () => {
    const { status, stderr } = start(process.execPath, { DATABASE_URL: 'postgres://127.0.0.1:1/nothing', DATA_DIR: `${service.directory}-other`, PORT: '0' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/PostgreSQL does not answer .*check DATABASE_URL/);
  });

  const old = oldNode();
  (old ? it : it.skip)('a Node.js that is too old (where one is installed)', () => {
    const { status, stderr } = start(old ?? '', {});
    expect(status).toBe(2);
    expect(stderr).toMatch(/Node\.js 22\.13 or newer is needed, and this is v\d+.*npm start/);
  });
});
