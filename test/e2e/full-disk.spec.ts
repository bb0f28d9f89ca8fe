import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedClickHouse } from '#platform';
import { build } from '../support/build.js';
import { eventually, ServiceProcess } from '../support/service-process.js';
import { SpanLoad, notOnce } from '../support/span-load.js';

const SMALL_DISK_BYTES = 8 * 1024 * 1024;

beforeAll(() => build(), 120_000);

describe('a receiver whose disk is full', () => {
  let service: ServiceProcess;
  let spool = '';
  let isMounted = false;

  afterEach(async () => {
    await service.kill('SIGTERM');
    if (isMounted) execFileSync('umount', [spool]);
    isMounted = false;
    await service.stop();
  });

  /** A file system of 8 MiB where the spool will be; only root may mount one. */
  const mountSmallDisk = (): boolean => {
    service = new ServiceProcess('ingest');
    spool = join(service.directory, 'spool');
    mkdirSync(spool);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES}`, 'tmpfs', spool], { stdio: 'ignore' });
      return (isMounted = true);
    } catch {
      console.warn('NOT TESTED: a full disk under a real process. Mounting a tmpfs needs root.');
      return false;
    }
  };

  it.each([
    ['by its own measure, with room kept free to load', String(4 * 1024 * 1024)],
    ['to the last byte', '1'],
  ])('answers 503 with Retry-After when it is full %s, loses nothing it acknowledged, and serves again by itself', async (_how, freeBytesMin) => {
    if (!mountSmallDisk()) return;
    await service.start({ SPOOL_FREE_BYTES_MIN: freeBytesMin });
    const load = new SpanLoad(service, 5);
    expect(await load.send()).toBe(200);
    // Somebody else's file takes the room.
    const filler = join(spool, 'somebody-elses-file');
    for (let bytes = SMALL_DISK_BYTES; bytes > 4096; bytes /= 2) {
      try {
        writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        // Less fits.
      }
    }
    load.start(4);
    await eventually(async () => load.refusals.length, (refusals) => refusals >= 20);
    expect([...new Set(load.refusals.map(({ status, retryAfter }) => `${status} ${retryAfter}`))]).toEqual(['503 5']);
    const acknowledgedWhenFull = load.acknowledged.length;
    rmSync(filler);
    await eventually(async () => load.acknowledged.length, (spans) => spans > acknowledgedWhenFull + 1000);
    const refusalsAfter = load.refusals.length;
    await eventually(async () => load.acknowledged.length, (spans) => spans > acknowledgedWhenFull + 3000);
    expect(load.refusals.length).toBe(refusalsAfter);
    await load.stop();

    expect(await service.kill('SIGTERM')).toBe(0);
    await service.start({ SPOOL_FREE_BYTES_MIN: freeBytesMin });
    await eventually(async () => (await (await fetch(`${service.url}/metrics`)).text()), (metrics) => /^astrolabe_spool_bytes 0$/m.test(metrics));
    await service.kill('SIGTERM');
    const clickhouse = await openEmbeddedClickHouse(join(service.directory, 'clickhouse'));
    const rows = await clickhouse.rows<{ span_id: string; times: string }>({ query: 'SELECT lower(hex(span_id)) AS span_id, count() AS times FROM spans GROUP BY span_id', query_params: {} });
    await clickhouse.close();
    expect(notOnce(load.acknowledged, rows)).toEqual([]);
    expect(rows).toHaveLength(load.acknowledged.length);
  }, 120_000);
});
