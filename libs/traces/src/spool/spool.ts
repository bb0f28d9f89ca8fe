import { mkdirSync } from 'node:fs';
import { open, readFile, rename, rm, stat, statfs, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DomainError, messageOf, type Clock, type Logger } from '#platform';
import { newSegmentId, partSegmentId, reasonPath, refusedDirectory, removeScratch, segmentFilesIn, segmentPath, type SegmentFile } from './segment-files.js';
import { encodeFrame, scanSegment, type Frame } from './segment-format.js';

/*
 * What was acknowledged is on disk: rows are appended to the open segment and synced before `append` resolves. Requests that arrive
 * during one sync share the next (group commit). A segment is sealed by size or age, between two syncs, and then belongs to the loader.
 *
 * Invariants: `append` resolves only after fdatasync; a frame is whole or it was never acknowledged; a sealed segment is never written
 * again; its name is its identity, so that loading it twice can be recognised.
 * Safe to repeat: opening after a crash cuts torn tails and seals what was left open. A segment that cannot be renamed keeps its `.open`
 * name and is sealed all the same: the name only tells the next process that its tail may be torn.
 * Known gaps: one spool directory per process. An acknowledged frame at the end of a segment that was left open, whose header was damaged in
 * more than a bit, looks like a torn tail.
 */

const RETRY_AFTER_SECONDS = 5;
const FREE_BYTES_MAX_AGE_MS = 500;

export interface SpoolOptions {
  directory: string;
  segmentBytesMax: number;
  segmentAgeMs: number;
  /** Above this many bytes on disk `append` refuses until some are loaded. */
  bytesMax: number;
  /** Below this many free bytes on the disk `append` refuses too: the loader needs room to make room. */
  freeBytesMin: number;
  clock: Clock;
  logger: Logger;
  /** Free bytes on a directory's disk; the system is asked where it is left out. */
  freeBytesOf?: (directory: string) => Promise<number>;
}

/** A part of a segment that is kept aside, and why. */
export interface Rest {
  content: Buffer;
  reason: string;
}

export interface SealedSegment {
  id: string;
  path: string;
  bytes: number;
}

interface Waiting {
  frames: readonly Frame[];
  bytes: number;
  done: () => void;
  fail: (error: unknown) => void;
}

interface OpenSegment {
  id: string;
  path: string;
  file: FileHandle;
  bytes: number;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #sealed: SealedSegment[] = [];
  #open: OpenSegment | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #sealAsked: PromiseWithResolvers<void> | undefined;
  #sealTimer: NodeJS.Timeout | undefined;
  #bytesOnDisk = 0;
  #bytesWaiting = 0;
  /** How much was too much, if the last append was refused. */
  #bytesRefused = 0;
  #sequence = 0;
  #freeBytes = Infinity;
  #freeBytesReadAtMs = -Infinity;
  /** Segments that this process has open, sealed or in the loader's hands. */
  readonly #known = new Set<string>();
  readonly #foreign = new Set<string>();
  #onSealed: () => void = () => undefined;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Opens a directory, and takes over what an earlier process left in it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    await makeDurableDirectory(refusedDirectory(options.directory));
    removeScratch(options.directory);
    await spool.#recover();
    return spool;
  }

  /** Called whenever a segment becomes ready for the loader. */
  onSealed(listener: () => void): void {
    this.#onSealed = listener;
  }

  /** Sealed segments, oldest first. */
  sealed(): readonly SealedSegment[] {
    return this.#sealed;
  }

  get bytesOnDisk(): number {
    return this.#bytesOnDisk;
  }

  /**
   * Makes rows durable. When it resolves they survive a crash of this process and of the machine.
   * @throws DomainError `spool_full`, `spool_failed` (both unavailable): nothing was kept, the sender should send again
   */
  append(frames: readonly Frame[]): Promise<void> {
    if (frames.length === 0) return Promise.resolve();
    const bytes = frames.reduce((sum, { rows }) => sum + rows.length, 0);
    const full = this.#whyFull(bytes);
    this.#bytesRefused = full === undefined ? 0 : bytes;
    if (full !== undefined) {
      const message = `${full}: send again in ${RETRY_AFTER_SECONDS} s`;
      return Promise.reject(new DomainError({ kind: 'unavailable', code: 'spool_full', message, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } }));
    }
    this.#bytesWaiting += bytes;
    return new Promise((done, fail) => {
      this.#waiting.push({ frames, bytes, done, fail });
      this.#writing ??= this.#write();
    });
  }

  /** Why it would now refuse what it last refused; undefined while it takes what comes. */
  whyFull(): string | undefined {
    return this.#whyFull(this.#bytesRefused);
  }

  #whyFull(bytes: number): string | undefined {
    const { bytesMax, freeBytesMin } = this.#options;
    if (this.#bytesOnDisk + this.#bytesWaiting + bytes > bytesMax) return `The spool holds ${this.#bytesOnDisk} bytes that the store has not taken yet (limit ${bytesMax})`;
    void this.#readFreeBytes();
    if (this.#freeBytes < freeBytesMin) return `The disk of the spool has ${this.#freeBytes} bytes left (${freeBytesMin} are kept free)`;
    return undefined;
  }

  // Asked now and then, and not for every request: what fails in between fails as a write, and is not acknowledged either.
  async #readFreeBytes(): Promise<void> {
    const { clock, directory, freeBytesOf = freeBytesOfDisk, logger } = this.#options;
    const nowMs = clock.now().getTime();
    // A clock that was set back must not stop it.
    if (Math.abs(nowMs - this.#freeBytesReadAtMs) < FREE_BYTES_MAX_AGE_MS) return;
    this.#freeBytesReadAtMs = nowMs;
    await freeBytesOf(directory).then(
      (bytes) => (this.#freeBytes = bytes),
      (error: unknown) => logger.warn({ err: error }, 'free space of the spool cannot be read'),
    );
  }

  /**
   * Seals the open segment, so that everything acknowledged before can be loaded. It waits for the batch that is being written and not for a
   * pause: under unbroken load none comes.
   */
  async seal(): Promise<void> {
    if (!this.#writing && !this.#open) return;
    this.#sealAsked ??= Promise.withResolvers<void>();
    const { promise } = this.#sealAsked;
    this.#writing ??= this.#write();
    await promise;
  }

  /** The loader took the segment: the store has its rows. */
  async remove(segment: SealedSegment): Promise<void> {
    await rm(segment.path, { force: true });
    this.#forget(segment);
  }

  /** The store will never take this segment: it is kept aside with the reason, and counted. */
  async setAside(segment: SealedSegment, reason: string): Promise<void> {
    const { directory, logger } = this.#options;
    await writeFile(reasonPath(directory, segment.id), `${reason}\n`);
    await rename(segment.path, segmentPath(refusedDirectory(directory), segment.id, 'sealed'));
    this.#forget(segment);
    logger.error({ segment: segment.id, reason }, 'segment refused by the store and set aside');
  }

  /**
   * The rest of a segment of which the store has what it took: each part is kept aside as a segment of its own, so that it can be tried again
   * without the others. Safe to repeat: the same rest has the same name.
   */
  async setRestAside(segment: SealedSegment, rests: readonly Rest[]): Promise<void> {
    const { directory, logger } = this.#options;
    for (const { content, reason } of rests) {
      const id = partSegmentId(segment.id, content);
      await writeFile(reasonPath(directory, id), `${reason} (rest of segment ${segment.id})\n`);
      await writeFile(segmentPath(refusedDirectory(directory), id, 'sealed'), content, { flush: true });
      logger.error({ segment: segment.id, rest: id, reason }, 'part of a segment set aside');
    }
    await syncDirectory(refusedDirectory(directory));
    await this.remove(segment);
  }

  refusedCount(): number {
    return segmentFilesIn(refusedDirectory(this.#options.directory)).segments.length;
  }

  /** Takes over segments that somebody put into the directory, such as refused ones that are to be tried again. */
  async adopt(): Promise<void> {
    const found = this.#segmentFiles().filter(({ id, state }) => state === 'sealed' && !this.#known.has(id));
    for (const { id, path } of found) {
      const { size } = await stat(path);
      if (this.#known.has(id)) continue;
      this.#takeOver(id, path, size);
      this.#bytesOnDisk += size;
    }
    if (found.length > 0) this.#onSealed();
  }

  #segmentFiles(): SegmentFile[] {
    const { directory, logger } = this.#options;
    const { segments, foreign } = segmentFilesIn(directory);
    for (const name of foreign.filter((found) => !this.#foreign.has(found))) {
      this.#foreign.add(name);
      logger.warn({ name, directory }, 'a file in the spool is no segment by its name, and is left alone');
    }
    return segments;
  }

  #takeOver(id: string, path: string, bytes: number): void {
    this.#known.add(id);
    this.#sealed.push({ id, path, bytes });
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.seal();
    clearTimeout(this.#sealTimer);
  }

  #forget(segment: SealedSegment): void {
    const index = this.#sealed.indexOf(segment);
    if (index < 0) return;
    this.#known.delete(segment.id);
    this.#sealed.splice(index, 1);
    this.#bytesOnDisk -= segment.bytes;
  }

  async #write(): Promise<void> {
    // Let the requests of this turn of the event loop join the first batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0 || this.#sealAsked) {
      if (this.#waiting.length > 0) await this.#writeWaiting();
      if (this.#sealAsked || (this.#open && this.#open.bytes >= this.#options.segmentBytesMax)) await this.#sealOpen();
      // Also who asked while it was sealed: nothing was written since.
      this.#sealAsked?.resolve();
      this.#sealAsked = undefined;
    }
    this.#writing = undefined;
  }

  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      await this.#writeBatch(batch.flatMap(({ frames }) => frames));
      for (const { done } of batch) done();
    } catch (error) {
      await this.#abandonTail();
      const failure = new DomainError({ kind: 'unavailable', code: 'spool_failed', message: `The spool cannot be written (${messageOf(error)}): send again`, cause: error });
      for (const { fail } of batch) fail(failure);
    }
    for (const { bytes } of batch) this.#bytesWaiting -= bytes;
  }

  async #writeBatch(frames: Frame[]): Promise<void> {
    const segment = (this.#open ??= await this.#create());
    const parts = frames.flatMap(encodeFrame);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await segment.file.writev(parts, segment.bytes);
    if (bytesWritten !== bytes) throw new Error(`only ${bytesWritten} of ${bytes} bytes were written`);
    await segment.file.datasync();
    segment.bytes += bytes;
    this.#bytesOnDisk += bytes;
  }

  // After a failed write or sync nothing behind the last good frame may be believed: cut it, and go on in a new file.
  async #abandonTail(): Promise<void> {
    const segment = this.#open;
    if (!segment) return;
    await segment.file.truncate(segment.bytes).catch(() => undefined);
    await this.#sealOpen();
  }

  async #create(): Promise<OpenSegment> {
    const id = newSegmentId(this.#options.clock.now(), this.#sequence++);
    const path = segmentPath(this.#options.directory, id, 'open');
    const file = await open(path, 'wx', 0o600);
    try {
      await syncDirectory(this.#options.directory);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    this.#known.add(id);
    this.#sealTimer = setTimeout(() => void this.seal(), this.#options.segmentAgeMs);
    return { id, path, file, bytes: 0 };
  }

  // Never fails: what was acknowledged is handed to the loader whatever else goes wrong, and the next segment can be opened.
  async #sealOpen(): Promise<void> {
    const segment = this.#open;
    if (!segment) return;
    this.#open = undefined;
    clearTimeout(this.#sealTimer);
    const warn = (error: unknown) => this.#options.logger.warn({ err: error, segment: segment.id }, 'segment cannot be closed or renamed');
    await segment.file.close().catch(warn);
    if (segment.bytes === 0) {
      this.#known.delete(segment.id);
      return rm(segment.path, { force: true }).catch(warn);
    }
    const sealedPath = segmentPath(this.#options.directory, segment.id, 'sealed');
    const path = await rename(segment.path, sealedPath).then(
      () => sealedPath,
      (error: unknown) => {
        warn(error);
        return segment.path;
      },
    );
    this.#takeOver(segment.id, path, segment.bytes);
    this.#onSealed();
  }

  async #recover(): Promise<void> {
    const { directory, logger } = this.#options;
    for (const { id, state, path } of this.#segmentFiles()) {
      if (state === 'sealed') {
        this.#takeOver(id, path, (await stat(path)).size);
        continue;
      }
      const content = await readFile(path);
      const { badBytes, tornBytes, rowCount } = scanSegment(content);
      // A torn tail was never acknowledged. Anything else that is wrong may have been: it is left as it is, and the loader sets it aside.
      const isTorn = tornBytes > 0 && tornBytes === badBytes;
      if (isTorn) {
        logger.warn({ segment: id, badBytes, rowCount }, 'torn tail cut from a spool segment: it was never acknowledged');
        await truncate(path, content.length - tornBytes);
      }
      const bytes = isTorn ? content.length - tornBytes : content.length;
      if (bytes === 0) {
        await rm(path);
        continue;
      }
      const sealedPath = segmentPath(directory, id, 'sealed');
      await rename(path, sealedPath);
      this.#takeOver(id, sealedPath, bytes);
    }
    this.#bytesOnDisk = this.#sealed.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

async function freeBytesOfDisk(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

// A new file's name is durable only when its directory is; so is a new directory's.
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function makeDurableDirectory(path: string): Promise<void> {
  const firstMade = mkdirSync(path, { recursive: true });
  if (firstMade === undefined) return;
  for (let at = resolve(path); at.length >= resolve(firstMade).length; at = dirname(at)) await syncDirectory(dirname(at));
}
