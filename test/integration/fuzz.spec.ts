import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DomainError } from '#platform';
import { segmentTarget } from '../../libs/traces/src/loader/segment-target.js';
import { readNativeRows } from '../../libs/traces/src/native/read-native-block.js';
import type { Transcoded, Transcoder } from '../../libs/traces/src/otlp/transcode.js';
import { SPOOLED_TABLES, type Frame } from '../../libs/traces/src/spool/segment-format.js';
import { INGESTED_AT_MS, openTranscoder, senderOf } from '../../libs/traces/src/testing/transcode-request.js';
import { FuzzedBodies, GOOD_BODIES, type OtlpBody } from '../support/faults/fuzzed-bodies.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const BODIES = 100_000;
const WARM_BODIES = 20_000;
const SAMPLE_BODIES = 2000;
// A hundred bytes for each of the bodies in between would be more.
const HEAP_GROWTH_BYTES_MAX = 6 * 1024 * 1024;
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_101);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Two organizations: one that sends rubbish and keeps message bodies, and one that sends what is good. */
const fuzzer = { ...senderOf({ keepsContent: true, contentBytesMax: 200, redactKeys: ['password'], redactPatterns: ['\\d{4}'] }), organizationId: 'fuzzer' };
const witness = { ...senderOf({ keepsContent: true }), organizationId: 'witness' };

const transcode = (transcoder: Transcoder, { signal, encoding, body }: OtlpBody, sender: typeof fuzzer): Transcoded => transcoder[signal]({ body, encoding, sender, ingestedAtMs: INGESTED_AT_MS });

/** What became of a body: its rows, or undefined where it was refused as a whole. Anything else fails the test, and says with which body. */
function fateOf(transcoder: Transcoder, fuzzed: OtlpBody): Transcoded | undefined {
  let transcoded: Transcoded;
  try {
    transcoded = transcode(transcoder, fuzzed, fuzzer);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid' && error.code === 'malformed_otlp') return undefined;
    throw new Error(`the transcoder threw something else on ${described(fuzzed)}`, { cause: error });
  }
  const problem = problemOf(transcoded, fuzzed);
  if (problem !== undefined) throw new Error(`${problem}: ${described(fuzzed)}`);
  return transcoded;
}

function problemOf({ frames, accepted, resent, rejected, rejection }: Transcoded, { signal }: OtlpBody): string | undefined {
  if ((rejected > 0) !== (rejection !== undefined)) return 'a rejection without its reason, or the other way round';
  const main = frames.find(({ table }) => table === (signal === 'traces' ? 'spans' : 'signals'));
  if (resent !== 0 || (main?.rowCount ?? 0) !== accepted) return `${accepted} were accepted and ${main?.rowCount} written`;
  for (const { table, rows, rowCount } of frames) {
    try {
      const found = readNativeRows(rows).length;
      if (found !== rowCount) return `the block for ${table} claims ${rowCount} rows and has ${found}`;
    } catch (error) {
      return `the block for ${table} cannot be read back (${String(error)})`;
    }
  }
  return undefined;
}

const described = ({ signal, encoding, body }: OtlpBody) => `${signal} as ${encoding}, seed ${SEED}, ${body.length} bytes, base64 ${body.subarray(0, 6000).toString('base64')}`;

describe(`fuzzed bodies, seed ${SEED}`, () => {
  it(`throw nothing but malformed_otlp, leave blocks that can be read, and leave nothing behind, ${BODIES} of them`, () => {
    const transcoder = openTranscoder();
    const bodies = new FuzzedBodies(SEED);
    const goodRows = () => GOOD_BODIES.map((good) => transcode(transcoder, good, witness).frames.flatMap(({ rows }) => readNativeRows(rows)));
    const before = goodRows();
    expect(before.map((rows) => rows.length)).toEqual([4, 4, 2, 2]);
    const heapBytes = () => {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    let [taken, refused, rows, warmBytes] = [0, 0, 0, 0];
    for (let n = 0; n < BODIES; n++) {
      const transcoded = fateOf(transcoder, bodies.next());
      if (transcoded) taken++;
      else refused++;
      rows += transcoded?.frames.reduce((sum, { rowCount }) => sum + rowCount, 0) ?? 0;
      if (n === WARM_BODIES) warmBytes = heapBytes();
      if (n % 5000 === 0) expect(goodRows()).toEqual(before);
    }
    expect(goodRows()).toEqual(before);
    // Fuzzing that is all refused, or all taken, has looked at nothing.
    expect([taken > BODIES / 4, refused > BODIES / 4, rows > BODIES / 4]).toEqual([true, true, true]);
    expect(heapBytes() - warmBytes).toBeLessThan(HEAP_GROWTH_BYTES_MAX);
  }, 180_000);

  describe('in the engine', () => {
    let stores: TestStores;
    let directory: string;

    beforeAll(async () => {
      stores = await openTestStores();
      directory = mkdtempSync(join(tmpdir(), 'astrolabe-fuzz-'));
    });
    afterAll(async () => {
      await stores.close();
      rmSync(directory, { recursive: true, force: true });
    });

    it(`give the rows that they claim, ${SAMPLE_BODIES} of them in one segment`, async () => {
      const transcoder = openTranscoder();
      const bodies = new FuzzedBodies(SEED + 1);
      const frames: Frame[] = [];
      for (let taken = 0; taken < SAMPLE_BODIES; ) {
        const found = fateOf(transcoder, bodies.next())?.frames ?? [];
        frames.push(...found);
        if (found.length > 0) taken++;
      }
      const claimed: Record<string, number> = {};
      const counted: Record<string, number> = {};
      for (const table of SPOOLED_TABLES) {
        // What a merge makes of rows of one identity is not asked here.
        await stores.clickhouse.run({ query: `SYSTEM STOP MERGES ${table}`, query_params: {} });
      }
      for (const table of SPOOLED_TABLES) {
        const blocks = frames.filter((frame) => frame.table === table);
        claimed[table] = blocks.reduce((sum, { rowCount }) => sum + rowCount, 0);
        await segmentTarget(stores.clickhouse).insert({ token: 'fuzz', table, schema: blocks[0]?.schema ?? 0, blocks: blocks.map(({ rows }) => rows), scratchPath: join(directory, `${table}.rows`) });
        const [row] = await stores.clickhouse.rows<{ n: string }>({ query: `SELECT count() AS n FROM ${table} WHERE organization_id = 'fuzzer'${table === 'signals' ? " AND origin = 'log'" : ''}`, query_params: {} });
        counted[table] = Number(row?.n);
      }
      expect(counted).toEqual(claimed);
      for (const table of SPOOLED_TABLES) expect([table, (claimed[table] ?? 0) > 100]).toEqual([table, true]);
    }, 120_000);
  });
});
