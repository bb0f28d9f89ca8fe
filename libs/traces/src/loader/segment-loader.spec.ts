import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { Spool } from '../spool/spool.js';
import { SegmentLoader } from './segment-loader.js';
import type { Frame } from '../spool/segment-format.js';
import { SegmentTarget, type SegmentPart } from './segment-target.js';

/** A store that can be away, or refuse what it is given. */
class ScriptedTarget extends SegmentTarget {
  readonly attempts: string[] = [];
  readonly taken: string[] = [];
  answers: (Error | undefined)[] = [];
  onAttempt: () => Promise<void> | void = () => undefined;

  async insert({ segmentId, blocks }: SegmentPart): Promise<void> {
    this.attempts.push(segmentId);
    await this.onAttempt();
    const error = this.answers.shift();
    if (error) throw error;
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
    loader = new SegmentLoader({ spool, target, logger, parallelMax: 1 });
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

  it('loads the good rows of a damaged segment, and keeps the file', async () => {
    await spool.append(framesOf(Buffer.from('good')));
    await spool.seal();
    const [segment] = spool.sealed();
    writeFileSync(segment?.path ?? '', Buffer.concat([readFileSync(segment?.path ?? ''), Buffer.from('damage')]));
    loader.start();
    await loader.drain();
    expect([target.taken, spool.sealed().length, spool.refusedCount()]).toEqual([['good'], 0, 1]);
    expect(readFileSync(join(directory, 'refused', `${segment?.id}.txt`), 'utf8')).toContain('6 bytes after 1 good rows are damaged');
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
