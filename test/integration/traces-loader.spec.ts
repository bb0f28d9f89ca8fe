import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { SegmentLoader } from '../../libs/traces/src/loader/segment-loader.js';
import { segmentTarget } from '../../libs/traces/src/loader/segment-target.js';
import { SpanBlock } from '../../libs/traces/src/rows/span-block.js';
import { scanSegment } from '../../libs/traces/src/spool/segment-format.js';
import { Spool } from '../../libs/traces/src/spool/spool.js';
import { attributesOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN, transcodeBody } from '../../libs/traces/src/testing/transcode-request.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const TABLES = ['spans', 'conversations', 'signals', 'trace_changes'];
const spanId = (n: number) => n.toString(16).padStart(16, '0');
const framesOf = (spans: OtlpSpan[]) => transcodeBody(protobufOf(requestOf(spans)), 'protobuf').frames;

describe('loading segments into the engine', () => {
  let stores: TestStores;
  let home: string;
  const logger = createLogger('silent', 'test');
  const clock = new ManualClock('2026-11-01T00:00:00Z');

  beforeAll(async () => {
    stores = await openTestStores();
    home = mkdtempSync(join(tmpdir(), 'astrolabe-load-'));
  });
  afterAll(async () => {
    await stores.close();
    rmSync(home, { recursive: true, force: true });
  });

  const openSpool = (name: string) => Spool.open({ directory: join(home, name), segmentBytesMax: 1_000_000_000, segmentAgeMs: 3_600_000, bytesMax: 1_000_000_000, freeBytesMin: 0, clock, logger });
  const loadAll = async (spool: Spool) => {
    const loader = new SegmentLoader({ spool, target: segmentTarget(stores.clickhouse), storeReady: stores.clickhouse.migrated, logger, parallelMax: 2 });
    loader.start();
    await loader.drain();
    await loader.stop();
  };
  const counts = async () => {
    const query = TABLES.map((table) => `SELECT '${table}' AS t, count() AS n FROM ${table}`).join(' UNION ALL ');
    const rows = await stores.clickhouse.rows<{ t: string; n: string }>({ query, query_params: {} });
    return Object.fromEntries(rows.map(({ t, n }) => [t, Number(n)]));
  };
  const empty = async () => {
    for (const table of TABLES) await stores.clickhouse.run({ query: `TRUNCATE TABLE ${table}`, query_params: {} });
  };

  it('changes nothing when a segment is loaded again after a crash between insert and delete, in the table and in its views', async () => {
    // No merge may tidy up behind the test: it is the insert that must not happen.
    for (const table of TABLES) await stores.clickhouse.run({ query: `SYSTEM STOP MERGES ${table}`, query_params: {} });
    await empty();
    const spool = await openSpool('twice');
    const events = [{ name: 'astrolabe.signal', attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }];
    await spool.append(framesOf([{ ...BASE_SPAN, attributes: attributesOf({ 'gen_ai.conversation.id': 'c-1' }), events }, { ...BASE_SPAN, spanId: spanId(2) }]));
    await spool.seal();
    const path = spool.sealed()[0]?.path ?? '';
    copyFileSync(path, `${path}.kept`);
    await loadAll(spool);
    // The trace changed once for the conversation that its root names, and once for the span that names none.
    const loaded = { spans: 2, conversations: 1, signals: 1, trace_changes: 2 };
    expect(await counts()).toEqual(loaded);
    await spool.close();

    copyFileSync(`${path}.kept`, path);
    const again = await openSpool('twice');
    expect(again.sealed()).toHaveLength(1);
    await loadAll(again);
    expect([await counts(), again.sealed().length, again.refusedCount()]).toEqual([loaded, 0, 0]);

    // The same rows under another id are another insert: it is the id that is recognised.
    await again.append(scanSegment(readFileSync(`${path}.kept`)).frames);
    await loadAll(again);
    expect((await counts())['spans']).toBe(4);
    await again.close();
  });

  it('has every part of every table on the disk before the segment is deleted', async () => {
    await empty();
    const synced = async () => {
      const rows = await stores.clickhouse.rows<{ event: string; value: string }>({ query: "SELECT event, value FROM system.events WHERE event IN ('FileSync', 'DirectorySync')", query_params: {} });
      const value = (name: string) => Number(rows.find(({ event }) => event === name)?.value ?? 0);
      return { files: value('FileSync'), directories: value('DirectorySync') };
    };
    const spool = await openSpool('synced');
    const events = [{ name: 'astrolabe.signal', attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }];
    await spool.append(framesOf([{ ...BASE_SPAN, attributes: attributesOf({ 'gen_ai.conversation.id': 'c-1' }), events }]));
    const before = await synced();
    await loadAll(spool);
    const after = await synced();
    await spool.close();
    // A part has at least its data, its columns and its checksums; its directory and the table's are made durable too.
    expect(after.files - before.files).toBeGreaterThanOrEqual(3 * TABLES.length);
    expect(after.directories - before.directories).toBeGreaterThanOrEqual(TABLES.length);
  });

  it('does so also for a segment of more rows than the engine reads at a time', async () => {
    await empty();
    const spool = await openSpool('large');
    // 70,000 rows; the engine reads blocks of 65,409.
    for (let batch = 0; batch < 7; batch++) {
      const spans = Array.from({ length: 10_000 }, (_, index) => ({ ...BASE_SPAN, spanId: spanId(batch * 10_000 + index + 1), attributes: attributesOf({ 'gen_ai.conversation.id': `c-${index}` }) }));
      await spool.append(framesOf(spans));
    }
    await spool.seal();
    const path = spool.sealed()[0]?.path ?? '';
    copyFileSync(path, `${path}.kept`);
    await loadAll(spool);
    await spool.close();
    const loaded = await counts();
    expect([loaded['spans'], loaded['conversations'], loaded['trace_changes']]).toEqual([70_000, expect.any(Number), expect.any(Number)]);
    copyFileSync(`${path}.kept`, path);
    const again = await openSpool('large');
    await loadAll(again);
    expect(await counts()).toEqual(loaded);
    await again.close();
  });

  it('sets aside what the engine refuses, with its reason, and loads what comes after', async () => {
    await empty();
    const spool = await openSpool('refused');
    await spool.append([{ table: 'spans', schema: new SpanBlock().schema, rows: Buffer.from('these are no rows'), rowCount: 1 }]);
    await spool.seal();
    const id = spool.sealed()[0]?.id ?? '';
    await spool.append(framesOf([BASE_SPAN]));
    await loadAll(spool);
    expect([spool.refusedCount(), spool.sealed().length, (await counts())['spans']]).toEqual([1, 0, 1]);
    expect(readFileSync(join(home, 'refused', 'refused', `${id}.txt`), 'utf8')).toMatch(/Code: \d+|Cannot/);
    await spool.close();
  });

  it('loads spans of more months than the engine would take by itself', async () => {
    await empty();
    const spool = await openSpool('months');
    const spans = Array.from({ length: 240 }, (_, month) => ({ ...BASE_SPAN, spanId: spanId(month + 1), startTimeUnixNano: `${Date.UTC(2000, month, 15)}000000` }));
    await spool.append(framesOf(spans));
    await loadAll(spool);
    expect([spool.refusedCount(), (await counts())['spans']]).toEqual([0, 240]);
    await spool.close();
  });
});
