import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, createLogger } from '#platform';
import { encodeFrame, scanSegment, type Frame } from './segment-format.js';
import { Spool, type SealedSegment, type SpoolOptions } from './spool.js';

const FOREVER_MS = 3_600_000;
const HEADER_BYTES = 24;
const framesOf = (rows: Buffer): Frame[] => [{ table: 'spans', schema: 7, rows, rowCount: 1 }];

describe('Spool', () => {
  let home: string;
  let directory: string;
  const opened: Spool[] = [];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'astrolabe-spool-'));
    directory = join(home, 'a', 'spool');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(opened.splice(0).map((spool) => spool.close()));
    rmSync(home, { recursive: true, force: true });
  });

  const openSpool = async (options: Partial<SpoolOptions> = {}) => {
    const clock = new ManualClock('2026-11-01T00:00:00Z');
    const spool = await Spool.open({ directory, segmentBytesMax: 1_000_000, segmentAgeMs: FOREVER_MS, bytesMax: 1_000_000, freeBytesMin: 0, clock, logger: createLogger('silent', 'test'), ...options });
    opened.push(spool);
    return spool;
  };
  const files = (suffix: string) => readdirSync(directory).filter((name) => name.endsWith(suffix)).sort();
  const rowsIn = (path: string) => scanSegment(readFileSync(path)).frames.map(({ rows }) => rows.toString());
  const rowsSealed = (spool: Spool) => spool.sealed().flatMap(({ path }) => rowsIn(path));
  const onlySealed = (spool: Spool): SealedSegment => {
    expect(spool.sealed()).toHaveLength(1);
    return spool.sealed()[0] as SealedSegment;
  };
  const sealedOnce = (spool: Spool) => new Promise<void>((done) => spool.onSealed(done));
  const fileHandlePrototype = async () => {
    const file = await open(tmpdir(), 'r');
    await file.close();
    return Object.getPrototypeOf(file) as FileHandle;
  };

  it('has rows in the open segment when append resolves', async () => {
    const spool = await openSpool();
    await spool.append(framesOf(Buffer.from('one')));
    const [name = ''] = files('.open');
    expect(rowsIn(join(directory, name))).toEqual(['one']);
    expect([spool.sealed().length, spool.bytesOnDisk]).toEqual([0, HEADER_BYTES + 3]);
  });

  it('resolves only after the sync, and shares one sync among all that wait for it', async () => {
    const spool = await openSpool();
    await spool.append(framesOf(Buffer.from('opens the segment')));
    const prototype = await fileHandlePrototype();
    const real = Object.getOwnPropertyDescriptor(prototype, 'datasync')?.value as () => Promise<void>;
    const release = Promise.withResolvers<void>();
    const syncing = Promise.withResolvers<void>();
    const datasync = jest.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
      syncing.resolve();
      await release.promise;
      return real.call(this);
    });
    let resolved = 0;
    // More frames than one writev call takes (IOV_MAX is 1024, and a frame is two parts).
    const appends = Array.from({ length: 700 }, (_, index) => spool.append(framesOf(Buffer.from(`row ${index}`))).then(() => resolved++));
    await syncing.promise;
    await new Promise(setImmediate);
    expect(resolved).toBe(0);
    release.resolve();
    await Promise.all(appends);
    expect(datasync).toHaveBeenCalledTimes(1);
    await spool.seal();
    expect(rowsSealed(spool)).toEqual(['opens the segment', ...Array.from({ length: 700 }, (_, index) => `row ${index}`)]);
  });

  it('writes nothing for no rows', async () => {
    const spool = await openSpool();
    await spool.append([]);
    expect(files('')).toEqual(['refused']);
  });

  it('seals a segment that reached its size, and goes on in another', async () => {
    const spool = await openSpool({ segmentBytesMax: 100 });
    await spool.append(framesOf(Buffer.alloc(75)));
    expect(spool.sealed()).toHaveLength(0);
    await spool.append(framesOf(Buffer.from('x')));
    await spool.append(framesOf(Buffer.from('next')));
    expect([spool.sealed().length, files('.seg').length, files('.open').length]).toEqual([1, 1, 1]);
    expect(onlySealed(spool)).toEqual({ id: expect.stringMatching(/^1793491200000-000000-[0-9a-f]{8}$/), path: join(directory, files('.seg')[0] ?? ''), bytes: HEADER_BYTES + 75 + HEADER_BYTES + 1 });
  });

  it('seals a segment that reached its age', async () => {
    const spool = await openSpool({ segmentAgeMs: 5 });
    const sealed = sealedOnce(spool);
    await spool.append(framesOf(Buffer.from('old')));
    await sealed;
    expect(rowsSealed(spool)).toEqual(['old']);
    expect(files('.open')).toEqual([]);
  });

  describe('while requests never pause', () => {
    // Each sync finds the next request waiting when it ends.
    const startLoad = async (spool: Spool) => {
      const prototype = await fileHandlePrototype();
      const real = Object.getOwnPropertyDescriptor(prototype, 'datasync')?.value as () => Promise<void>;
      jest.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
        void spool.append(framesOf(Buffer.from('load')));
        return real.call(this);
      });
    };

    it('seals a segment that reached its age', async () => {
      const spool = await openSpool({ segmentAgeMs: 5, segmentBytesMax: Infinity, bytesMax: Infinity });
      const sealed = sealedOnce(spool);
      await startLoad(spool);
      await spool.append(framesOf(Buffer.from('old')));
      await sealed;
      expect(rowsSealed(spool)[0]).toBe('old');
    });

    it('seals what was acknowledged when it is asked to', async () => {
      const spool = await openSpool({ segmentBytesMax: Infinity, bytesMax: Infinity });
      await startLoad(spool);
      await spool.append(framesOf(Buffer.from('acknowledged')));
      await Promise.all([spool.seal(), spool.seal()]);
      expect(rowsSealed(spool)[0]).toBe('acknowledged');
      await spool.append(framesOf(Buffer.from('later')));
      await spool.seal();
      expect(rowsSealed(spool)).toContain('later');
    });
  });

  it('keeps segments in the order they were written', async () => {
    const spool = await openSpool({ segmentBytesMax: 1 });
    for (const text of ['a', 'b', 'c']) await spool.append(framesOf(Buffer.from(text)));
    await spool.seal();
    expect(rowsSealed(spool)).toEqual(['a', 'b', 'c']);
    const again = await openSpool();
    expect(rowsSealed(again)).toEqual(['a', 'b', 'c']);
  });

  it('seals and appends at the same time without losing either', async () => {
    const spool = await openSpool();
    const texts = Array.from({ length: 200 }, (_, index) => `row ${index}`);
    await Promise.all(texts.flatMap((text, index) => [spool.append(framesOf(Buffer.from(text))), ...(index % 7 === 0 ? [spool.seal(), spool.seal()] : [])]));
    await spool.seal();
    expect(rowsSealed(spool)).toEqual(texts);
  });

  it('takes over what a killed process left: sealed, open, and open with a torn tail', async () => {
    mkdirSync(directory, { recursive: true });
    const frame = (text: string) => Buffer.concat(encodeFrame({ table: 'spans', schema: 7, rows: Buffer.from(text), rowCount: 1 }));
    writeFileSync(join(directory, '0000000000001-000000-aaaaaaaa.seg'), frame('sealed'));
    writeFileSync(join(directory, '0000000000002-000000-bbbbbbbb.open'), Buffer.concat([frame('whole'), frame('torn off').subarray(0, -1)]));
    writeFileSync(join(directory, '0000000000003-000000-cccccccc.open'), frame('nothing whole').subarray(0, 20));
    writeFileSync(join(directory, '0000000000004-000000-dddddddd.open'), '');
    const spool = await openSpool();
    expect(spool.sealed().map(({ id }) => id)).toEqual(['0000000000001-000000-aaaaaaaa', '0000000000002-000000-bbbbbbbb']);
    expect(rowsSealed(spool)).toEqual(['sealed', 'whole']);
    expect(spool.bytesOnDisk).toBe(HEADER_BYTES + 6 + HEADER_BYTES + 5);
    expect(files('')).toEqual(['0000000000001-000000-aaaaaaaa.seg', '0000000000002-000000-bbbbbbbb.seg', 'refused']);
  });

  it('opens on every truncation of what a crash left, with the frames that are whole', async () => {
    mkdirSync(directory, { recursive: true });
    const content = Buffer.concat(['first', 'second'].flatMap((text) => encodeFrame({ table: 'spans', schema: 7, rows: Buffer.from(text), rowCount: 1 })));
    for (let length = 0; length <= content.length; length++) {
      writeFileSync(join(directory, '0000000000001-000000-aaaaaaaa.open'), content.subarray(0, length));
      const spool = await openSpool();
      expect([length, rowsSealed(spool)]).toEqual([length, length < HEADER_BYTES + 5 ? [] : length < 2 * HEADER_BYTES + 11 ? ['first'] : ['first', 'second']]);
      for (const segment of [...spool.sealed()]) await spool.remove(segment);
      expect([files(''), spool.bytesOnDisk]).toEqual([['refused'], 0]);
    }
  });

  it('refuses above its limit, counting what waits, and takes again when something was removed', async () => {
    const spool = await openSpool({ bytesMax: 100 });
    const rows = Buffer.alloc(60);
    const [first, second] = await Promise.allSettled([spool.append(framesOf(rows)), spool.append(framesOf(rows))]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable', code: 'spool_full' } });
    await expect(spool.append(framesOf(rows))).rejects.toMatchObject({ code: 'spool_full', message: expect.stringContaining(`${HEADER_BYTES + 60} bytes`) });
    expect(spool.whyFull()).toContain('limit 100');
    await spool.seal();
    await spool.remove(onlySealed(spool));
    expect(spool.whyFull()).toBeUndefined();
    await expect(spool.append(framesOf(rows))).resolves.toBeUndefined();
  });

  it('refuses before the disk is full, so that there is room to load, and takes again when there is more', async () => {
    const clock = new ManualClock('2026-11-01T00:00:00Z');
    let freeBytes = 99;
    const spool = await openSpool({ freeBytesMin: 100, freeBytesOf: () => Promise.resolve(freeBytes), clock });
    const append = () => spool.append(framesOf(Buffer.from('a')));
    // The first request asks for the free space and is not held up by the answer.
    await append();
    await expect(append()).rejects.toMatchObject({ code: 'spool_full', message: expect.stringContaining('has 99 bytes left (100 are kept free)') });
    freeBytes = 100;
    // It is asked now and then; who asks gets the answer before.
    clock.advance(1000);
    await expect(append()).rejects.toMatchObject({ code: 'spool_full' });
    await append();
    // Also when the clock was set back.
    freeBytes = 99;
    clock.advance(-3_600_000);
    await append();
    await expect(append()).rejects.toMatchObject({ code: 'spool_full' });
  });

  it('asks the system for the free space of its disk', async () => {
    const spool = await openSpool({ freeBytesMin: Number.MAX_SAFE_INTEGER });
    const refused = async (): Promise<unknown> => spool.append(framesOf(Buffer.from('a'))).then(refused, (error: unknown) => error);
    expect(await refused()).toMatchObject({ code: 'spool_full', message: expect.stringMatching(/has \d+ bytes left/) });
  });

  it('adopts a segment that somebody put into the directory, once, and none of its own', async () => {
    const spool = await openSpool();
    await spool.append(framesOf(Buffer.from('own')));
    await spool.seal();
    await spool.append(framesOf(Buffer.from('open')));
    const content = Buffer.concat(encodeFrame({ table: 'spans', schema: 7, rows: Buffer.from('again'), rowCount: 1 }));
    writeFileSync(join(directory, '0000000000001-000000-aaaaaaaa.seg'), content);
    const woken = sealedOnce(spool);
    await Promise.all([spool.adopt(), spool.adopt()]);
    await woken;
    await spool.adopt();
    expect(rowsSealed(spool)).toEqual(['own', 'again']);
    expect(spool.bytesOnDisk).toBe(3 * HEADER_BYTES + 3 + 4 + 5);
  });

  it('takes nothing for a segment that is none by its name, and says so once', async () => {
    mkdirSync(directory, { recursive: true });
    for (const name of ["x', a = '.seg", 'backup.seg', 'copy of 0000000000001-000000-aaaaaaaa.open']) writeFileSync(join(directory, name), Buffer.concat(encodeFrame(framesOf(Buffer.from('row'))[0] as Frame)));
    // What a killed process was loading. The segment itself would be there.
    writeFileSync(join(directory, '0000000000001-000000-aaaaaaaa.seg.spans-7.rows'), 'rows');
    const logger = createLogger('silent', 'test');
    const warn = jest.spyOn(logger, 'warn');
    const spool = await openSpool({ logger });
    await spool.adopt();
    expect([spool.sealed(), spool.bytesOnDisk, files('')]).toEqual([[], 0, ['backup.seg', 'copy of 0000000000001-000000-aaaaaaaa.open', 'refused', "x', a = '.seg"]]);
    expect(warn).toHaveBeenCalledTimes(3);
    expect(warn).toHaveBeenCalledWith({ name: 'backup.seg', directory }, expect.stringContaining('no segment'));
  });

  it('forgets a segment once, however often it is removed', async () => {
    const spool = await openSpool({ segmentBytesMax: 1 });
    await spool.append(framesOf(Buffer.from('a')));
    await spool.seal();
    const segment = onlySealed(spool);
    await spool.append(framesOf(Buffer.from('b')));
    await spool.seal();
    await spool.remove(segment);
    await spool.remove(segment);
    expect(rowsSealed(spool)).toEqual(['b']);
    expect(spool.bytesOnDisk).toBe(HEADER_BYTES + 1);
  });

  it('keeps a refused segment aside, with the reason', async () => {
    const spool = await openSpool();
    await spool.append(framesOf(Buffer.from('bad rows')));
    await spool.seal();
    const { id } = onlySealed(spool);
    await spool.setAside(onlySealed(spool), 'does not fit');
    expect([spool.sealed().length, spool.bytesOnDisk, spool.refusedCount()]).toEqual([0, 0, 1]);
    expect(rowsIn(join(directory, 'refused', `${id}.seg`))).toEqual(['bad rows']);
    expect(readFileSync(join(directory, 'refused', `${id}.txt`), 'utf8')).toBe('does not fit\n');
  });

  it('says spool_failed while it cannot create a segment, and serves again when it can', async () => {
    const spool = await openSpool();
    renameSync(directory, `${directory}.away`);
    await expect(spool.append(framesOf(Buffer.from('lost')))).rejects.toMatchObject({ kind: 'unavailable', code: 'spool_failed', message: expect.stringContaining('ENOENT') });
    renameSync(`${directory}.away`, directory);
    await spool.append(framesOf(Buffer.from('kept')));
    await spool.seal();
    expect(rowsSealed(spool)).toEqual(['kept']);
    expect(spool.bytesOnDisk).toBe(HEADER_BYTES + 4);
  });

  it('hands over a segment that it cannot rename, and goes on in another', async () => {
    const spool = await openSpool();
    await spool.append(framesOf(Buffer.from('acknowledged')));
    const [openName = ''] = files('.open');
    // A directory that is not empty stands where the sealed name would be.
    mkdirSync(join(directory, openName.replace('.open', '.seg'), 'x'), { recursive: true });
    await spool.seal();
    expect(onlySealed(spool).path).toBe(join(directory, openName));
    await spool.append(framesOf(Buffer.from('next')));
    await spool.seal();
    expect(rowsSealed(spool)).toEqual(['acknowledged', 'next']);
    await spool.remove(spool.sealed()[0] as SealedSegment);
    expect(existsSync(join(directory, openName))).toBe(false);
  });

  // A disk that is really full needs a small file system of its own, which only root may mount.
  it('says spool_failed on a full disk, keeps what it acknowledged, and serves again when there is room', async () => {
    const mounted = mountTmpfs(home);
    if (!mounted) return console.warn('NOT TESTED: a full disk. Mounting a tmpfs needs root.');
    try {
      const filler = join(mounted, 'filler');
      directory = join(mounted, 'spool');
      const spool = await openSpool();
      await spool.append(framesOf(Buffer.from('before')));
      expect(() => writeFileSync(filler, Buffer.alloc(1_000_000))).toThrow('ENOSPC');
      await expect(spool.append(framesOf(Buffer.alloc(50_000, 1)))).rejects.toMatchObject({ kind: 'unavailable', code: 'spool_failed', message: expect.stringMatching(/ENOSPC|bytes were written/) });
      rmSync(filler);
      await spool.append(framesOf(Buffer.from('after')));
      await spool.seal();
      expect(rowsSealed(spool)).toEqual(['before', 'after']);
      for (const { path } of spool.sealed()) expect(scanSegment(readFileSync(path)).badBytes).toBe(0);
    } finally {
      await Promise.all(opened.splice(0).map((spool) => spool.close()));
      execFileSync('umount', [mounted]);
    }
  });
});

/** A file system of 128 KiB, or undefined where we may not make one. */
function mountTmpfs(home: string): string | undefined {
  const path = join(home, 'small');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    return undefined;
  }
}
