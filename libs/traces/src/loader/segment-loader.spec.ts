import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { retrySegment } from '../spool/inspect-spool.js';
import { Spool } from '../spool/spool.js';
import { SegmentLoader } from './segment-loader.js';
import { scanSegment, type Frame } from '../spool/segment-format.js';
import { protobufOf, requestOf } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, senderOf, transcodeBody } from '../testing/transcode-request.js';
import { SegmentTarget, type SegmentPart } from './segment-target.js';

/** A store that can be away, or refuse what it is given. Like the real one it takes a token once for a table. */
class ScriptedTarget extends SegmentTarget {
  readonly #tokens = new Set<string>();
  readonly attempts: string[] = [];
  readonly taken: string[] = [];
  answers: (Error | undefined)[] = [];
  /** What it says of a part that has this block in it, whenever it comes. */
  readonly refusals = new Map<string, Error>();
  onAttempt: () => Promise<void> | void = () => undefined;

  async insert({ token, table, blocks }: SegmentPart): Promise<void> {
    this.attempts.push(token);
    await this.onAttempt();
    const error = this.answers.shift() ?? blocks.map((block) => this.refusals.get(block.toString())).find((refusal) => refusal !== undefined);
    if (error) throw error;
    if (this.#tokens.has(`${table} ${token}`)) return;
    this.#tokens.add(`${table} ${token}`);
    this.taken.push(...blocks.map(String));
  }
}

const framesOf = (rows: Buffer): Frame[] => [{ table: 'spans', schema: 7, rows, rowCount: 1 }];
const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const refused = () => Object.assign(new Error('Cannot read all data'), { code: '33' });

describe('SegmentLoader', () => {
  let directory: string;
  let spool: Spool;
  let target: ScriptedTarget;
  let loader: SegmentLoader;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-loader-'));
    const logger = createLogger('silent', 'test');
    spool = await Spool.open({ directory, segmentBytesMax: 1, segmentAgeMs: 3_600_000, bytesMax: 1_000_000, freeBytesMin: 0, clock: new ManualClock('2026-11-01T00:00:00Z'), logger });
    target = new ScriptedTarget();
    loader = new SegmentLoader({ spool, target, storeReady: Promise.resolve(), logger, parallelMax: 1 });
  });
  afterEach(async () => {
    await spool.close();
    await loader.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('loads what an earlier process left, then what comes, oldest first', async () => {
    await spool.append(framesOf(Buffer.from('left')));
    loader.start();
    await loader.drain();
    await spool.append(framesOf(Buffer.from('a')));
    await spool.append(framesOf(Buffer.from('b')));
    await loader.drain();
    expect(target.taken).toEqual(['left', 'a', 'b']);
    expect([spool.sealed().length, spool.bytesOnDisk]).toEqual([0, 0]);
  });

  it('waits while the store is away, under the same id, and holds back what is behind', async () => {
    target.answers = [away(), away()];
    loader.start();
    await spool.append(framesOf(Buffer.from('a')));
    await spool.append(framesOf(Buffer.from('b')));
    await loader.drain();
    expect(target.taken).toEqual(['a', 'b']);
    const [first, second, third, fourth] = target.attempts;
    expect([second, third]).toEqual([first, first]);
    expect(fourth).not.toBe(first);
    expect([target.attempts.length, spool.refusedCount()]).toEqual([4, 0]);
  });

  it('loads nothing before the store has its tables, and then what came meanwhile', async () => {
    const tables = Promise.withResolvers<void>();
    loader = new SegmentLoader({ spool, target, storeReady: tables.promise, logger: createLogger('silent', 'test'), parallelMax: 1 });
    loader.start();
    await spool.append(framesOf(Buffer.from('a')));
    const drained = loader.drain();
    await spool.append(framesOf(Buffer.from('b')));
    await spool.seal();
    expect([target.attempts, spool.sealed().length, loader.isWaiting]).toEqual([[], 2, true]);
    tables.resolve();
    await drained;
    expect([target.taken[0], loader.isWaiting]).toEqual(['a', false]);
    await loader.drain();
    expect(target.taken).toEqual(['a', 'b']);
  });

  it('stops while the store never got its tables', async () => {
    loader = new SegmentLoader({ spool, target, storeReady: new Promise(() => undefined), logger: createLogger('silent', 'test'), parallelMax: 1 });
    loader.start();
    await spool.append(framesOf(Buffer.from('later')));
    const drained = loader.drain();
    await loader.stop();
    await drained;
    expect([target.attempts, spool.sealed().length]).toEqual([[], 1]);
  });

  it('sets aside what the store refuses, with its reason, and goes on', async () => {
    target.answers = [refused()];
    loader.start();
    await spool.append(framesOf(Buffer.from('bad')));
    await spool.append(framesOf(Buffer.from('good')));
    await loader.drain();
    expect(target.taken).toEqual(['good']);
    expect(spool.refusedCount()).toBe(1);
    expect(readFileSync(join(directory, 'refused', `${target.attempts[0]}.txt`), 'utf8')).toBe('Cannot read all data\n');
  });

  it('loads the good rows of a damaged segment, and keeps the damage under a name of its own', async () => {
    await spool.append(framesOf(Buffer.from('good')));
    await spool.seal();
    const [segment] = spool.sealed();
    writeFileSync(segment?.path ?? '', Buffer.concat([readFileSync(segment?.path ?? ''), Buffer.from('damage')]));
    loader.start();
    await loader.drain();
    expect([target.taken, spool.sealed().length, spool.bytesOnDisk, spool.refusedCount()]).toEqual([['good'], 0, 0, 1]);
    const [name = '', reason = ''] = readdirSync(join(directory, 'refused')).sort();
    expect(name).not.toContain(segment?.id);
    expect(readFileSync(join(directory, 'refused', name), 'utf8')).toBe('damage');
    expect(readFileSync(join(directory, 'refused', reason), 'utf8')).toBe(`6 bytes are damaged; 1 good rows were loaded (rest of segment ${segment?.id})\n`);
  });

  describe('of a segment that the store refuses in part', () => {
    const blocks = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    /** One segment of a frame for each block. */
    const appendTogether = () => spool.append(blocks.flatMap((block) => framesOf(Buffer.from(block))));
    /** What was set aside, segment by segment, the smaller first. */
    const restsOf = () =>
      readdirSync(join(directory, 'refused'))
        .filter((name) => name.endsWith('.seg'))
        .map((name) => scanSegment(readFileSync(join(directory, 'refused', name))).frames.map(({ rows }) => rows.toString()))
        .toSorted((a, b) => a.length - b.length);
    const restOf = () => {
      expect(restsOf()).toHaveLength(1);
      return restsOf()[0];
    };

    it('loads the frames that it takes, and keeps the others, which can be tried again', async () => {
      for (const block of ['b', 'f']) target.refusals.set(block, refused());
      loader.start();
      await appendTogether();
      await loader.drain();
      expect([target.taken, restOf(), spool.sealed().length]).toEqual([['a', 'c', 'd', 'e', 'g'], ['b', 'f'], 0]);
      // Every part of it had a token of its own: what was refused in one must not pass for what was taken in another.
      expect(new Set(target.attempts).size).toBe(target.attempts.length);

      const attemptsBefore = [...target.attempts];
      target.refusals.clear();
      const [name = ''] = readdirSync(join(directory, 'refused')).filter((found) => found.endsWith('.seg'));
      renameSync(join(directory, 'refused', name), join(directory, name));
      await spool.adopt();
      await loader.drain();
      expect([target.taken.slice(5), attemptsBefore.includes(target.attempts.at(-1) ?? '')]).toEqual([['b', 'f'], false]);
    });

    it('gives a part the same token when a crash makes it do so again', async () => {
      target.refusals.set('c', refused());
      await appendTogether();
      await spool.seal();
      const [segment] = spool.sealed();
      const content = readFileSync(segment?.path ?? '');
      loader.start();
      await loader.drain();
      const first = target.attempts.splice(0);
      writeFileSync(segment?.path ?? '', content);
      await spool.adopt();
      await loader.drain();
      expect(target.attempts).toEqual(first);
      expect(restOf()).toEqual(['c']);
    });

    it('waits when the store goes away in between, and sets nothing aside', async () => {
      target.refusals.set('c', refused());
      target.answers = [refused(), away()];
      loader.start();
      await appendTogether();
      await loader.drain();
      expect([target.taken.sort(), restOf()]).toEqual([['a', 'b', 'd', 'e', 'f', 'g'], ['c']]);
    });

    it('does not look for every single one where all are refused', async () => {
      const many = Array.from({ length: 1000 }, (_, n) => `block ${n}`);
      for (const block of many) target.refusals.set(block, refused());
      loader.start();
      await spool.append(many.flatMap((block) => framesOf(Buffer.from(block))));
      await loader.drain();
      expect([target.taken, restsOf().map((rest) => rest.length)]).toEqual([[], [16, 984]]);
      expect(target.attempts.length).toBeLessThan(100);
    });

    it('gets further each time it is tried again, until only what is bad is left', async () => {
      const bad = Array.from({ length: 40 }, (_, n) => `bad ${n}`);
      for (const block of bad) target.refusals.set(block, refused());
      loader.start();
      // Every third one is good, and some stand behind all that are bad.
      const good = Array.from({ length: 20 }, (_, n) => `good ${n}`);
      await spool.append([...bad.flatMap((block, n) => (n % 3 === 0 ? [block, good[n / 3] ?? ''] : [block])), ...good.slice(14)].flatMap((block) => framesOf(Buffer.from(block))));
      await loader.drain();
      const left = [];
      for (let attempt = 0; restsOf().some((rest) => rest.some((block) => block.startsWith('good'))); attempt++) {
        expect(attempt).toBeLessThan(5);
        left.push(restsOf().flat().length);
        await retrySegment(directory, 'all');
        await spool.adopt();
        await loader.drain();
      }
      expect(left.length).toBeGreaterThan(0);
      expect([target.taken.toSorted(), restsOf().flat().toSorted()]).toEqual([good.toSorted(), bad.toSorted()]);
    });

    it('loads what other organizations sent, however much of one is bad', async () => {
      const frameOf = (organizationId: string, n: number): Frame => {
        const body = protobufOf(requestOf([{ ...BASE_SPAN, spanId: n.toString(16).padStart(16, '0') }]));
        return openTranscoder().traces({ body, encoding: 'protobuf', sender: { ...senderOf(), organizationId }, ingestedAtMs: 0 }).frames[0] as Frame;
      };
      const frames = Array.from({ length: 120 }, (_, n) => frameOf(['acme', 'broken', 'rival'][n % 3] ?? '', n + 1));
      const isBroken = (_frame: Frame, n: number) => n % 3 === 1;
      for (const { rows } of frames.filter(isBroken)) target.refusals.set(rows.toString(), refused());
      loader.start();
      await spool.append(frames);
      await loader.drain();
      const rowsOf = (some: Frame[]) => some.map(({ rows }) => rows.toString()).toSorted();
      expect(target.taken.toSorted()).toEqual(rowsOf(frames.filter((frame, n) => !isBroken(frame, n))));
      expect([restsOf().length, restsOf().flat().toSorted()]).toEqual([2, rowsOf(frames.filter(isBroken))]);
    });

    it.each([
      ['in a message that broke off before it could be told', new Error('Code: 62. DB::Exception: Syntax error (data type): failed at position 1 (')],
      ['as too little memory, for a block whose lengths lie', Object.assign(new Error('would use 32.02 GiB'), { code: '241' })],
    ])('knows a refusal %s', async (_how, error) => {
      target.refusals.set('c', error);
      loader.start();
      await appendTogether();
      await loader.drain();
      expect(target.taken).not.toContain('c');
      expect(restOf()).toContain('c');
    });
  });

  it.each(['241', '173'])('waits for memory where the blocks are sound (code %s)', async (code) => {
    const { rows } = transcodeBody(protobufOf(requestOf([BASE_SPAN])), 'protobuf').frames[0] as Frame;
    target.answers = [Object.assign(new Error('no memory'), { code }), Object.assign(new Error('no memory'), { code })];
    loader.start();
    await spool.append(framesOf(rows));
    await loader.drain();
    expect([target.taken.length, spool.refusedCount()]).toEqual([1, 0]);
    expect(new Set(target.attempts).size).toBe(1);
  });

  it('loads all of a segment that two versions wrote to, each group of rows once', async () => {
    const frames = (['spans', 'span_contents'] as const).flatMap((table) => [7, 8, 7].map((schema, n): Frame => ({ table, schema, rows: Buffer.from(`${table} ${n} of ${schema}`), rowCount: 1 })));
    await spool.append(frames);
    await spool.seal();
    const { id = '', path = '' } = spool.sealed()[0] ?? {};
    const content = readFileSync(path);
    loader.start();
    for (const _time of ['at first', 'after a crash before the file was deleted']) {
      await loader.drain();
      expect(target.taken.toSorted()).toEqual(frames.map(({ rows }) => rows.toString()).toSorted());
      // What the version before inserted under the id alone is known again.
      expect(target.attempts.splice(0)).toEqual([id, `${id}-8`, id, `${id}-8`]);
      writeFileSync(path, content);
      await spool.adopt();
    }
  });

  it('waits for what was acknowledged, also while requests never pause', async () => {
    await spool.append(framesOf(Buffer.from('acknowledged')));
    // While a segment is loaded the next is sealed.
    target.onAttempt = async () => {
      await spool.append(framesOf(Buffer.from('load'))).catch(() => undefined);
      await spool.seal();
    };
    loader.start();
    await loader.drain();
    expect(target.taken[0]).toBe('acknowledged');
  });

  it('goes on when somebody removed a segment file', async () => {
    await spool.append(framesOf(Buffer.from('gone')));
    await spool.seal();
    rmSync(spool.sealed()[0]?.path ?? '');
    await spool.append(framesOf(Buffer.from('there')));
    loader.start();
    await loader.drain();
    expect([target.taken, spool.sealed().length, spool.bytesOnDisk]).toEqual([['there'], 0, 0]);
  });

  it('survives that a segment cannot be set aside', async () => {
    target.answers = [refused(), refused(), undefined];
    rmSync(join(directory, 'refused'), { recursive: true });
    loader.start();
    await spool.append(framesOf(Buffer.from('bad')));
    await loader.drain();
    expect(target.taken).toEqual(['bad']);
  });

  it('stops in the middle of waiting, and leaves what is not loaded to the next process', async () => {
    const attempted = Promise.withResolvers<void>();
    target.answers = Array.from({ length: 100 }, away);
    target.onAttempt = () => attempted.resolve();
    loader.start();
    await spool.append(framesOf(Buffer.from('later')));
    await attempted.promise;
    await loader.stop();
    expect([target.taken, spool.sealed().length]).toEqual([[], 1]);
  });
});
