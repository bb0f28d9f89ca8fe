import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#platform';
import { BufferPool } from '../native/buffer-pool.js';
import { encodeFrame, scanSegment } from '../spool/segment-format.js';
import type { Rest, SealedSegment, Spool } from '../spool/spool.js';
import { insertSegment } from './insert-segment.js';
import type { SegmentTarget } from './segment-target.js';

/*
 * Moves sealed segments into the store, oldest first, a bounded number at a time. A segment is deleted only after the store has all of its
 * parts; a crash in between loads them again under the same token, which changes nothing. The store being away is waited for, also before it
 * ever had its tables; a segment that the store refuses for what is in it is set aside, because waiting would never help and would hold up
 * everything behind it; of a segment that is damaged or refused in part, the rest is loaded; what was refused with others and not tried alone
 * is set aside apart, so that trying it again gets further each time. So is forgotten, loudly, a segment whose file somebody removed.
 */

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;
const ADOPT_EVERY_MS = 2000;
const BUFFER_BYTES_MAX = 128 * 1024 * 1024;

export interface LoaderOptions {
  spool: Spool;
  target: SegmentTarget;
  /** Resolves when the store has its tables, and never fails: nothing is loaded before. */
  storeReady: Promise<void>;
  logger: Logger;
  /** Segments that are loaded at the same time. */
  parallelMax: number;
}

export class SegmentLoader {
  readonly #options: LoaderOptions;
  readonly #stopped = new AbortController();
  readonly #loading = new Set<SealedSegment>();
  readonly #running = new Set<Promise<void>>();
  #attempted = Promise.withResolvers<void>();
  readonly #buffers = new BufferPool(BUFFER_BYTES_MAX);
  #adopting: NodeJS.Timeout | undefined;
  #isStoreReady = false;
  #backoffMs = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
    void options.storeReady.then(() => {
      this.#isStoreReady = true;
    });
  }

  start(): void {
    const { spool, logger } = this.#options;
    spool.onSealed(() => this.#wake());
    this.#adopting = setInterval(() => void spool.adopt().catch((error: unknown) => logger.warn({ err: error }, 'the spool directory cannot be read')), ADOPT_EVERY_MS);
    this.#adopting.unref();
    void this.#options.storeReady.then(() => this.#wake());
  }

  /** Waits until everything acknowledged so far is in the store or set aside. What comes meanwhile is not waited for. */
  async drain(): Promise<void> {
    const { spool, storeReady } = this.#options;
    const { signal } = this.#stopped;
    await spool.seal();
    const due = new Set(spool.sealed());
    if (!signal.aborted) await Promise.race([storeReady, once(signal, 'abort')]);
    this.#wake();
    while (this.#running.size > 0 && spool.sealed().some((segment) => due.has(segment))) await this.#attempted.promise;
  }

  async stop(): Promise<void> {
    clearInterval(this.#adopting);
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  /** Segments wait, or would, because the store does not take them. */
  get isWaiting(): boolean {
    return !this.#isStoreReady || this.#backoffMs > 0;
  }

  // A worker goes on from segment to segment until none is left; there are as many as may load at the same time.
  #wake(): void {
    while (this.#running.size < this.#options.parallelMax && this.#next()) {
      const worker: Promise<void> = this.#work().finally(() => {
        this.#running.delete(worker);
        // One may have been sealed between its last look and here.
        this.#wake();
        this.#tellAttempted();
      });
      this.#running.add(worker);
    }
  }

  #next(): SealedSegment | undefined {
    return !this.#isStoreReady || this.#stopped.signal.aborted ? undefined : this.#options.spool.sealed().find((segment) => !this.#loading.has(segment));
  }

  async #work(): Promise<void> {
    for (let segment = this.#next(); segment; segment = this.#next()) {
      this.#loading.add(segment);
      try {
        await this.#load(segment);
        this.#backoffMs = 0;
      } catch (error) {
        this.#backoffMs = Math.min(BACKOFF_MS_MAX, Math.max(BACKOFF_MS_MIN, this.#backoffMs * 2));
        this.#options.logger.warn({ err: error, segment: segment.id, backoffMs: this.#backoffMs }, 'the store does not take a segment yet');
        await sleep(this.#backoffMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      } finally {
        this.#loading.delete(segment);
        this.#tellAttempted();
      }
    }
  }

  #tellAttempted(): void {
    this.#attempted.resolve();
    this.#attempted = Promise.withResolvers<void>();
  }

  async #load(segment: SealedSegment): Promise<void> {
    const { spool, logger } = this.#options;
    const content = await this.#read(segment).catch(noFile);
    if (!content) {
      logger.error({ segment: segment.id, bytes: segment.bytes }, 'segment file is gone: its spans are lost');
      return spool.remove(segment);
    }
    try {
      await this.#insert(segment, content);
    } finally {
      this.#buffers.give(content);
    }
  }

  async #insert(segment: SealedSegment, content: Buffer): Promise<void> {
    const { spool, target, logger } = this.#options;
    const { frames, rowCount, badBytes, bad } = scanSegment(content);
    const { refused, untried } = await insertSegment(target, segment, frames);
    if (badBytes === 0 && refused.length === 0) {
      await spool.remove(segment);
      logger.debug({ segment: segment.id, rowCount }, 'segment loaded');
      return;
    }
    const reasons = [...new Set(refused.map(({ reason }) => reason))];
    if (badBytes > 0) reasons.push(`${badBytes} bytes are damaged`);
    if (refused.length === frames.length) return spool.setAside(segment, reasons.join('; '));
    const lost = [...refused.map(({ frame }) => frame), ...untried];
    const loadedRows = rowCount - lost.reduce((sum, frame) => sum + frame.rowCount, 0);
    const why = `${reasons.join('; ')}; ${loadedRows} good rows were loaded`;
    const rests: Rest[] = [{ content: Buffer.concat([...refused.flatMap(({ frame }) => encodeFrame(frame)), ...bad]), reason: why }];
    if (untried.length > 0) rests.push({ content: Buffer.concat(untried.flatMap(encodeFrame)), reason: `${untried.length} requests were refused together and not tried one by one, try them again: ${why}` });
    await spool.setRestAside(segment, rests);
  }

  async #read({ path }: SealedSegment): Promise<Buffer> {
    const file = await open(path);
    try {
      const bytes = (await file.stat()).size;
      const content = this.#buffers.take(bytes);
      let at = 0;
      for (let read = -1; read !== 0 && at < bytes; at += read) ({ bytesRead: read } = await file.read(content, at, bytes - at, at));
      return content.subarray(0, at);
    } finally {
      await file.close();
    }
  }
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
