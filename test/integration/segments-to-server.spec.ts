import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { OtlpIntake } from '#traces';
import { protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN } from '../../libs/traces/src/testing/transcode-request.js';
import { ClickHouseFront, type Fault } from '../support/clickhouse-front.js';
import { eventually } from '../support/service-process.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const FAULTS: [string, Fault][] = [
  ['says that it has too many parts', { status: 500, code: 252, message: 'Too many parts' }],
  ['has no memory left', { status: 500, code: 241, message: 'Memory limit (total) exceeded' }],
  ['cuts the connection', 'drop-before'],
  ['cuts the connection after it took the rows', 'drop-after'],
  ['begins a good answer and cuts the connection before it took the rows', 'drop-midway'],
];

describe('segments on their way to a ClickHouse server that fails', () => {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-segments-'));
  const spans = [BASE_SPAN, { ...BASE_SPAN, spanId: '00000000000000ff' }];
  let front: ClickHouseFront;
  let stores: TestStores;
  let intake: OtlpIntake;
  let organizationId = '';
  let count = 0;

  beforeAll(async () => {
    front = await ClickHouseFront.start({ directory });
    stores = await openTestStores({ CLICKHOUSE_URL: front.url });
    await stores.clickhouse.run({ query: 'SYSTEM STOP MERGES spans', query_params: {} });
    intake = await OtlpIntake.open({ ...stores, clock: new ManualClock('2026-11-01T00:00:00Z'), logger: createLogger('silent', 'test') });
  });
  afterAll(async () => {
    await intake.close();
    await stores.close();
    await front.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    organizationId = `org-${(count += 1)}`;
  });
  afterEach(async () => {
    await front.listenAgain().catch(() => undefined);
  });

  const accept = async () => intake.accept('traces', await intake.senderOf(organizationId), protobufOf(requestOf(spans)), 'protobuf');
  const loaded = async () => {
    const [row] = await stores.clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM spans WHERE organization_id = {organizationId: String}', query_params: { organizationId } });
    return Number(row?.n);
  };

  it.each(FAULTS)('are loaded, once, when it %s', async (_what, fault) => {
    front.failNext(fault, 2);
    await accept();
    await intake.drain();
    expect(await loaded()).toBe(2);
  });

  it('wait while it is away', async () => {
    await front.stopListening();
    await accept();
    let isDrained = false;
    const drained = intake.drain().then(() => (isDrained = true));
    // It was tried, and did not get there.
    await eventually(async () => intake.figures().isStoreAway, (isStoreAway) => isStoreAway);
    expect([isDrained, intake.figures().spoolSegments]).toEqual([false, 1]);
    await front.listenAgain();
    await drained;
    expect(await loaded()).toBe(2);
  });
});
