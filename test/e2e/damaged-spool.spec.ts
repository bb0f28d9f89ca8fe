import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFrame, scanSegment, type Frame } from '../../libs/traces/src/spool/segment-format.js';
import { readNativeRows } from '../../libs/traces/src/native/read-native-block.js';
import { build } from '../support/build.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { OtlpSender } from '../support/faults/otlp-sender.js';
import { lookInto, prepareStores } from '../support/faults/store-look.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const FRAMES_PER_SEGMENT = 6;
const HEADER_BYTES = 24;

interface Damage {
  /** What the file is made into. */
  into: (frames: Buffer[]) => Buffer;
  ending: 'seg' | 'open';
  /** Frames of the segment that nobody can have back. */
  lost: number[];
  /** Why the rest is kept; undefined where nothing is. */
  reason: RegExp | undefined;
}

const flipped = (frames: Buffer[], frame: number, byte: number): Buffer => {
  const damaged = frames.map((bytes) => Buffer.from(bytes));
  const target = damaged[frame] as Buffer;
  const at = byte < 0 ? target.length + byte : byte;
  target[at] = (target[at] as number) ^ 0x20;
  return Buffer.concat(damaged);
};
/** The same frame with other rows, and a checksum that is right. */
const rewritten = (frame: Buffer, rows: (rows: Buffer) => Buffer): Buffer => {
  const [read] = scanSegment(frame).frames as [Frame];
  return Buffer.concat(encodeFrame({ ...read, rows: rows(read.rows) }));
};
const DAMAGES: Record<string, Damage> = {
  'nothing': { into: (frames) => Buffer.concat(frames), ending: 'seg', lost: [], reason: undefined },
  'tail of a sealed one cut': { into: (frames) => Buffer.concat(frames).subarray(0, -10), ending: 'seg', lost: [5], reason: /\d+ bytes are damaged/ },
  'tail of an open one cut': { into: (frames) => Buffer.concat(frames).subarray(0, -10), ending: 'open', lost: [5], reason: undefined },
  'bit in the first frame': { into: (frames) => flipped(frames, 0, HEADER_BYTES + 30), ending: 'seg', lost: [0], reason: /\d+ bytes are damaged/ },
  'bit in a middle frame, open': { into: (frames) => flipped(frames, 3, HEADER_BYTES + 200), ending: 'open', lost: [3], reason: /\d+ bytes are damaged/ },
  'bit in the last frame, open': { into: (frames) => flipped(frames, 5, -1), ending: 'open', lost: [5], reason: /\d+ bytes are damaged/ },
  'bit in the magic of a header': { into: (frames) => flipped(frames, 2, 0), ending: 'seg', lost: [2], reason: /\d+ bytes are damaged/ },
  'bit in the length of a header': { into: (frames) => flipped(frames, 2, 13), ending: 'seg', lost: [2], reason: /\d+ bytes are damaged/ },
  'garbage': { into: () => Buffer.alloc(4000, 'garbage'), ending: 'seg', lost: [0, 1, 2, 3, 4, 5], reason: /^4000 bytes are damaged/ },
  'empty, sealed': { into: () => Buffer.alloc(0), ending: 'seg', lost: [0, 1, 2, 3, 4, 5], reason: undefined },
  'empty, open': { into: () => Buffer.alloc(0), ending: 'open', lost: [0, 1, 2, 3, 4, 5], reason: undefined },
  'block that the engine refuses': {
    into: (frames) => Buffer.concat(frames.map((frame, n) => (n === 1 ? rewritten(frame, (rows) => rows.subarray(0, rows.length >> 1)) : frame))),
    ending: 'seg',
    lost: [1],
    reason: /Cannot read|Attempt to read|eof/i,
  },
  'blocks of lengths that lie': {
    into: (frames) => Buffer.concat(frames.map((frame, n) => (n % 2 === 1 ? rewritten(frame, (rows) => Buffer.concat([rows.subarray(0, 1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), rows.subarray(2)])) : frame))),
    ending: 'seg',
    lost: [1, 3, 5],
    reason: /\w+/,
  },
};

/** By table, the spans that a frame has rows of. */
function idsIn(bytes: Buffer): { table: Frame['table']; ids: string[] } {
  const [frame] = scanSegment(bytes).frames as [Frame];
  return { table: frame.table, ids: readNativeRows(frame.rows).map((row) => String(row['span_id'])) };
}

describe('a spool that was damaged after a kill', () => {
  const service = new ServiceProcess('ingest');

  beforeAll(async () => {
    build();
    await prepareStores(service);
  }, 120_000);
  afterAll(() => service.stop());

  it('gives back every good frame, keeps the rest with the reason, and is served from on', async () => {
    // Nothing is loaded before the kill: all of it is in one open segment.
    await service.start({ SPOOL_SEGMENT_AGE_MS: '3600000' });
    const load = new OtlpLoad(3);
    const needed = Object.keys(DAMAGES).length * FRAMES_PER_SEGMENT;
    const framesOnDisk = () => {
      const [name = ''] = readdirSync(join(service.directory, 'spool')).filter((file) => file.endsWith('.open'));
      return name === '' ? [] : scanSegment(readFileSync(join(service.directory, 'spool', name))).frames;
    };
    await load.run(service, { clients: 2, isOver: () => framesOnDisk().length >= needed });
    await service.kill('SIGKILL');

    const spool = join(service.directory, 'spool');
    const frames = framesOnDisk().slice(0, needed).map((frame) => Buffer.concat(encodeFrame(frame)));
    for (const name of readdirSync(spool)) if (name.endsWith('.open')) rmSync(join(spool, name));
    const expected = { spans: new Set<string>(), span_contents: new Set<string>(), signals: new Set<string>() };
    for (const [n, damage] of Object.values(DAMAGES).entries()) {
      const ours = frames.slice(n * FRAMES_PER_SEGMENT, (n + 1) * FRAMES_PER_SEGMENT);
      writeFileSync(join(spool, `1764000000000-${String(n).padStart(6, '0')}-0000000a.${damage.ending}`), damage.into(ours));
      for (const [index, bytes] of ours.entries()) {
        const { table, ids } = idsIn(bytes);
        if (!damage.lost.includes(index)) for (const id of ids) expected[table].add(id);
      }
    }

    await service.start();
    await eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0);
    const sender = new OtlpSender(service);
    const after = await load.sendOne(sender, 'grpc');
    sender.close();
    expect(after.answer).toEqual({ kind: 'acknowledged' });
    const kept = Object.values(DAMAGES).flatMap(({ reason }, n) => (reason === undefined ? [] : [{ segment: `-${String(n).padStart(6, '0')}-`, reason: expect.stringMatching(reason) }]));
    expect((await metricsOf(service))['astrolabe_spool_refused_segments']).toBe(kept.length);
    const reasons = readdirSync(join(spool, 'refused')).filter((name) => name.endsWith('.txt')).sort();
    expect(reasons.map((name) => ({ segment: name.slice(13, 21), reason: readFileSync(join(spool, 'refused', name), 'utf8') }))).toEqual(kept);
    expect(await service.kill('SIGTERM')).toBe(0);

    // By id, each once; and of what was lost nothing.
    const store = await lookInto(join(service.directory, 'clickhouse'));
    const own = new Set(after.spanIds);
    const foundIn = (rows: Map<string, number>) => [...rows].filter(([id]) => !own.has(id)).sort();
    const once = (ids: Set<string>) => [...ids].sort().map((id) => [id, 1]);
    expect(foundIn(store.spans)).toEqual(once(expected.spans));
    expect(foundIn(store.contents)).toEqual(once(expected.span_contents));
    expect(foundIn(store.logSignals)).toEqual(once(expected.signals));
    expect([expected.spans.size, expected.span_contents.size, expected.signals.size].every((size) => size > 10)).toBe(true);
  }, 90_000);
});
