import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { OtlpIntake, readSpool, retrySegment, spoolDirectory } from '#traces';
import { encodeFrame, scanSegment, type Frame } from '../../libs/traces/src/spool/segment-format.js';
import { protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN } from '../../libs/traces/src/testing/transcode-request.js';
import { eventually } from '../support/service-process.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const FRAMES = 6;
const SPANS_PER_FRAME = 3;
const clock = new ManualClock('2026-11-01T00:00:00Z');
const logger = createLogger('silent', 'test');

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

let home: string;
let organizationId = '';
let count = 0;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'astrolabe-damaged-'));
  organizationId = `org-${(count += 1)}`;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const openIntake = () => OtlpIntake.open({ ...stores, config: { ...stores.config, DATA_DIR: home, SPOOL_SEGMENT_AGE_MS: 3_600_000 }, clock, logger });
const spool = () => spoolDirectory({ DATA_DIR: home });
const spanId = (n: number) => n.toString(16).padStart(16, '0');
const spanIdsIn = (frame: number) => Array.from({ length: SPANS_PER_FRAME }, (_, n) => spanId(1 + frame * SPANS_PER_FRAME + n));
const bodyOf = (ids: readonly string[]) => protobufOf(requestOf(ids.map((id) => ({ ...BASE_SPAN, spanId: id }))));
const stored = async () => {
  const rows = await stores.clickhouse.rows<{ id: string }>({ query: 'SELECT lower(hex(span_id)) AS id FROM spans WHERE organization_id = {organizationId: String} ORDER BY id', query_params: { organizationId } });
  return rows.map(({ id }) => id);
};

/** What a killed process leaves: one open segment with a frame for each request that it acknowledged. */
async function leaveSegment(): Promise<{ path: string; content: Buffer; ends: number[] }> {
  const intake = await openIntake();
  for (let frame = 0; frame < FRAMES; frame++) expect(await intake.accept('traces', await intake.senderOf(organizationId), bodyOf(spanIdsIn(frame)), 'protobuf')).toMatchObject({ accepted: SPANS_PER_FRAME });
  const [name = ''] = readdirSync(spool()).filter((file) => file.endsWith('.open'));
  const path = join(spool(), name);
  const content = readFileSync(path);
  await intake.close();
  // The close loaded it under its name: the copy gets one of its own, as if that had never happened.
  await stores.clickhouse.run({ query: 'TRUNCATE TABLE spans', query_params: {} });
  rmSync(spool(), { recursive: true });
  mkdirSync(join(spool(), 'refused'), { recursive: true });
  const { frames } = scanSegment(content);
  expect(frames).toHaveLength(FRAMES);
  const ends: number[] = [];
  for (const frame of frames) ends.push((ends.at(-1) ?? 0) + Buffer.concat(encodeFrame(frame)).length);
  return { path: join(spool(), `1764000000000-${String(count).padStart(6, '0')}-0000${String(count).padStart(4, '0')}`), content, ends };
}

/** Starts again, and tells what came of it. */
async function startAgain() {
  const intake = await openIntake();
  try {
    await intake.drain();
    const after = spanId(1000);
    // It serves, whatever it found.
    await intake.accept('traces', await intake.senderOf(organizationId), bodyOf([after]), 'protobuf');
    await intake.drain();
    const { waiting, refused } = readSpool(spool());
    return { stored: (await stored()).filter((id) => id !== after), serves: (await stored()).includes(after), waiting, refused: refused.map(({ reason }) => reason), figures: intake.figures() };
  } finally {
    await intake.close();
  }
}

const flip = (content: Buffer, at: number) => {
  const damaged = Buffer.from(content);
  damaged[at] = (damaged[at] ?? 0) ^ 0x10;
  return damaged;
};
const idsBut = (...frames: number[]) => Array.from({ length: FRAMES }, (_, n) => (frames.includes(n) ? [] : spanIdsIn(n))).flat();

describe('a segment that was damaged while nobody looked', () => {
  // Where the damage is, in which frame, and whether the segment had been sealed or was still open.
  it.each(
    (['seg', 'open'] as const).flatMap((ending) => [
      { ending, where: 'in the first frame', at: () => 100, frame: 0 },
      { ending, where: 'in a frame in the middle', at: (ends: number[]) => (ends[2] ?? 0) + 200, frame: 3 },
      { ending, where: 'in the length of a frame', at: (ends: number[]) => (ends[3] ?? 0) + 13, frame: 4 },
      { ending, where: 'in the first byte of a frame', at: (ends: number[]) => ends[1] ?? 0, frame: 2 },
      { ending, where: 'in the last byte', at: (ends: number[]) => (ends[5] ?? 0) - 1, frame: 5 },
    ]),
  )('by one bit $where ($ending) keeps every other frame, and the damaged one is set aside', async ({ ending, at, frame }) => {
    const { path, content, ends } = await leaveSegment();
    writeFileSync(`${path}.${ending}`, flip(content, at(ends)));
    const again = await startAgain();
    const frameBytes = (ends[frame] ?? 0) - (ends[frame - 1] ?? 0);
    expect(again).toMatchObject({ stored: idsBut(frame), serves: true, waiting: [], refused: [expect.stringContaining(`${frameBytes} bytes are damaged; 15 good rows were loaded`)] });
    expect(again.figures).toMatchObject({ refusedSegments: 1, spoolBytes: 0 });
    const [refused] = readSpool(spool()).refused;
    expect(refused?.bytes).toBe(frameBytes);

    // A person mends it. It comes back as what it is, and not as a copy of the segment that it was part of.
    writeFileSync(join(spool(), 'refused', `${refused?.id ?? ''}.seg`), content.subarray(ends[frame - 1] ?? 0, ends[frame]));
    await retrySegment(spool(), 'all');
    expect(await startAgain()).toMatchObject({ stored: idsBut(), waiting: [], refused: [] });
  });

  it('by a cut keeps whole frames: of a sealed one the rest is set aside, of an open one the tail was never acknowledged', async () => {
    for (const ending of ['seg', 'open']) {
      const { path, content, ends } = await leaveSegment();
      writeFileSync(`${path}.${ending}`, content.subarray(0, (ends[4] ?? 0) + 30));
      expect(await startAgain()).toMatchObject({ stored: idsBut(5), serves: true, waiting: [], refused: ending === 'seg' ? [expect.stringContaining('30 bytes are damaged; 15 good rows')] : [] });
      organizationId = `org-${(count += 1)}`;
      rmSync(spool(), { recursive: true });
    }
  });

  it('into an empty or a senseless file holds up nothing', async () => {
    const { path, content } = await leaveSegment();
    writeFileSync(`${path}.seg`, '');
    writeFileSync(join(spool(), '1764000000001-000000-00000000.seg'), 'this was never a segment');
    writeFileSync(join(spool(), '1764000000002-000000-00000000.open'), Buffer.alloc(5000, 7));
    writeFileSync(join(spool(), `1764000000003-${String(count).padStart(6, '0')}-99999999.open`), content);
    expect(await startAgain()).toMatchObject({ stored: idsBut(), serves: true, waiting: [], refused: [expect.stringContaining('24 bytes are damaged')] });
  });

  // Each of these the engine refuses in another way, or with words from which no client can tell its code.
  it.each([
    ['rows that are cut off', (rows: Buffer) => Buffer.concat([rows.subarray(0, 400), Buffer.alloc(600, 0xff)])],
    ['a type that does not exist', (rows: Buffer) => Buffer.from(rows.toString('latin1').replace('LowCardinality', 'LowGardinality'), 'latin1')],
    ['a type that is not even a word', (rows: Buffer) => Buffer.from(rows.toString('latin1').replace('LowCardinality', '\0owCardinality'), 'latin1')],
    ['a column too many', (rows: Buffer) => Buffer.concat([Buffer.from([(rows[0] ?? 0) + 1]), rows.subarray(1)])],
    ['more rows than there are', (rows: Buffer) => Buffer.concat([rows.subarray(0, 1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), rows.subarray(2)])],
  ])('before its checksum was made, into %s, keeps every other frame; the refused one is loaded when it is mended', async (_what, damage) => {
    const { path, content } = await leaveSegment();
    const frames = scanSegment(content).frames;
    const senseless = frames.map((frame, n) => (n === 2 ? { ...frame, rows: damage(frame.rows) } : frame));
    writeFileSync(`${path}.seg`, Buffer.concat(senseless.flatMap(encodeFrame)));
    expect(await startAgain()).toMatchObject({ stored: idsBut(2), serves: true, waiting: [], refused: [expect.stringContaining('15 good rows were loaded')] });
    const [refused] = readSpool(spool()).refused;

    // A receiver that runs takes it back.
    writeFileSync(join(spool(), 'refused', `${refused?.id ?? ''}.seg`), Buffer.concat(encodeFrame(frames[2] as Frame)));
    const running = await openIntake();
    expect(await retrySegment(spool(), 'all')).toEqual([refused?.id]);
    await eventually(async () => (await stored()).length, (rows) => rows === FRAMES * SPANS_PER_FRAME + 1);
    // The file goes after its rows are there.
    await eventually(async () => readSpool(spool()), ({ waiting, refused: left }) => waiting.length === 0 && left.length === 0);
    await running.close();
  });
});

describe('a client that sends everything three times', () => {
  it('at once, again later and again after a restart, is counted once by readers, and within the window has no second row', async () => {
    let intake = await openIntake();
    const body = bodyOf(spanIdsIn(0));
    for (let time = 0; time < 3; time++) expect(await intake.accept('traces', await intake.senderOf(organizationId), body, 'protobuf')).toMatchObject({ accepted: SPANS_PER_FRAME, rejected: 0 });
    await intake.drain();
    expect(await stored()).toEqual(spanIdsIn(0));
    expect(intake.figures()).toMatchObject({ acceptedSpans: 9, resentSpans: 6 });
    await intake.close();

    // The window is empty after a restart: the store has a copy, and nobody counts it.
    intake = await openIntake();
    await intake.accept('traces', await intake.senderOf(organizationId), body, 'protobuf');
    await intake.drain();
    await intake.close();
    const [seen] = await stores.clickhouse.rows({ query: 'SELECT count() AS spans, uniqExact(span_id_hex) AS ids FROM v_spans WHERE organization_id = {organizationId: String}', query_params: { organizationId } });
    expect(seen).toEqual({ spans: '3', ids: '3' });
  });
});
