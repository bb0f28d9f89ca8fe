import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, type Logger } from '#platform';
import { BufferPool } from '../native/buffer-pool.js';
import { scanSegment, type Frame } from '../spool/segment-format.js';
import type { SealedSegment, Spool } from '../spool/spool.js';
import type { SegmentPart, SegmentTarget } from './segment-target.js';

/*
 * Moves sealed segments into the store, oldest first, a bounded number at a time. A segment is deleted only after the store has all of its
 * parts; a crash in between loads them again under the same token, which changes nothing. The store being away is waited for; a segment that
 * the store refuses for what is in it is set aside, because waiting would never help and would hold up everything behind it. So is
 * forgotten, loudly, a segment whose file somebody removed.
 */

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;
const ADOPT_EVERY_MS = 2000;
const BUFFER_BYTES_MAX = 128 * 1024 * 1024;

// ClickHouse error codes that say "not these rows, ever": the rows do not parse or do not fit their columns.
const REFUSED_CODES = new Set(['6', '26', '27', '32', '33', '38', '41', '53', '69', '70', '117', '128', '131', '271', '349', '407', '620', '646']);

export interface LoaderOptions {
  spool: Spool;
  target: SegmentTarget;
  logger: Logger;
  /** Segments that are loaded at the same time. */
  parallelMax: number;
}

export class SegmentLoader {
  readonly #options: LoaderOptions;
  readonly #stopped = new AbortController();
  readonly #loading = new Set<SealedSegment>();
  readonly #running = new Set<Promise<void>>();
  readonly #buffers = new BufferPool(BUFFER_BYTES_MAX);
  #adopting: NodeJS.Timeout | undefined;
  #backoffMs = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  start(): void {
    const { spool, logger } = this.#options;
    spool.onSealed(() => this.#wake());
    this.#adopting = setInterval(() => void spool.adopt().catch((error: unknown) => logger.warn({ err: error }, 'the spool directory cannot be read')), ADOPT_EVERY_MS);
    this.#adopting.unref();
    this.#wake();
  }

  /** Waits until everything acknowledged so far is in the store. */
  async drain(): Promise<void> {
    await this.#options.spool.seal();
    this.#wake();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async stop(): Promise<void> {
    clearInterval(this.#adopting);
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  /** Segments wait because the store does not take them. */
  get isWaiting(): boolean {
    return this.#backoffMs > 0;
  }

  // A worker goes on from segment to segment until none is left; there are as many as may load at the same time.
  #wake(): void {
    while (this.#running.size < this.#options.parallelMax && this.#next()) {
      const worker: Promise<void> = this.#work().finally(() => {
        this.#running.delete(worker);
        // One may have been sealed between its last look and here.
        this.#wake();
      });
      this.#running.add(worker);
    }
  }

  #next(): SealedSegment | undefined {
    return this.#stopped.signal.aborted ? undefined : this.#options.spool.sealed().find((segment) => !this.#loading.has(segment));
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
      }
    }
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
    const { frames, rowCount, badBytes } = scanSegment(content);
    try {
      for (const part of partsOf(segment, frames)) await target.insert(part);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return spool.setAside(segment, messageOf(error));
    }
    if (badBytes > 0) return spool.setAside(segment, `${badBytes} bytes after ${rowCount} good rows are damaged; the good rows were loaded`);
    await spool.remove(segment);
    logger.debug({ segment: segment.id, rowCount }, 'segment loaded');
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

/** The rows of a segment by table, and by columns where two versions of this program wrote to it. */
function partsOf({ id, path }: SealedSegment, frames: readonly Frame[]): SegmentPart[] {
  const groups = Map.groupBy(frames, ({ table, schema }) => `${table}-${schema}`);
  return [...groups].map(([key, group]) => {
    const { table, schema } = group[0] as Frame;
    return { segmentId: id, table, schema, blocks: group.map(({ rows }) => rows), scratchPath: `${path}.${key}.rows` };
  });
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && REFUSED_CODES.has(code);
}
