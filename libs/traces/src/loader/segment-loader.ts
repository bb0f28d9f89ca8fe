import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { messageOf, type Logger } from '#platform';
import { BufferPool } from '../native/buffer-pool.js';
import { readNativeRows } from '../native/read-native-block.js';
import { encodeFrame, scanSegment, type Frame } from '../spool/segment-format.js';
import type { SealedSegment, Spool } from '../spool/spool.js';
import type { SegmentPart, SegmentTarget } from './segment-target.js';

/*
 * Moves sealed segments into the store, oldest first, a bounded number at a time. A segment is deleted only after the store has all of its
 * parts; a crash in between loads them again under the same token, which changes nothing. The store being away is waited for, also before it
 * ever had its tables; a segment that the store refuses for what is in it is set aside, because waiting would never help and would hold up
 * everything behind it; of a segment that is damaged or refused in part, the rest is loaded. So is forgotten, loudly, a segment whose file
 * somebody removed.
 */

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;
const ADOPT_EVERY_MS = 2000;
const BUFFER_BYTES_MAX = 128 * 1024 * 1024;

// ClickHouse error codes that say "not these rows, ever": the rows do not parse or do not fit their columns.
// Which ones they are was found by giving it thousands of blocks with something wrong in them.
const REFUSED_CODES = new Set([
  '6', '26', '27', '32', '33', '36', '38', '41', '42', '43', '49', '50', '53', '62', '69', '70', '117', '128', '131', '173', '190', '271', '349', '407', '620', '646',
  'unreadable_block',
]);
const NO_MEMORY_CODE = '241';
// Of a segment that is refused all over, so many frames are looked for one by one.
const REFUSED_APART_MAX = 16;

export interface LoaderOptions {
  spool: Spool;
  target: SegmentTarget;
  /** Resolves when the store has its tables, and never fails: nothing is loaded before. */
  storeReady: Promise<void>;
  logger: Logger;
  /** Segments that are loaded at the same time. */
  parallelMax: number;
}

/** Frames that the store will not take, and why. */
interface RefusedFrames {
  frames: readonly Frame[];
  reason: string;
}

export class SegmentLoader {
  readonly #options: LoaderOptions;
  readonly #stopped = new AbortController();
  readonly #loading = new Set<SealedSegment>();
  readonly #running = new Set<Promise<void>>();
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

  /** Waits until everything acknowledged so far is in the store. */
  async drain(): Promise<void> {
    const { signal } = this.#stopped;
    await this.#options.spool.seal();
    if (!signal.aborted) await Promise.race([this.#options.storeReady, once(signal, 'abort')]);
    this.#wake();
    while (this.#running.size > 0) await Promise.all(this.#running);
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
    const { spool, logger } = this.#options;
    const { frames, rowCount, badBytes, bad } = scanSegment(content);
    const refused: RefusedFrames[] = [];
    for (const group of groupsOf(frames)) await this.#insertFrames(segment, group, segment.id, refused);
    if (badBytes === 0 && refused.length === 0) {
      await spool.remove(segment);
      logger.debug({ segment: segment.id, rowCount }, 'segment loaded');
      return;
    }
    const lost = refused.flatMap((part) => part.frames);
    const reasons = [...new Set(refused.map(({ reason }) => reason))];
    if (badBytes > 0) reasons.push(`${badBytes} bytes are damaged`);
    if (lost.length === frames.length) return spool.setAside(segment, reasons.join('; '));
    const loadedRows = rowCount - lost.reduce((sum, frame) => sum + frame.rowCount, 0);
    const rest = Buffer.concat([...lost.flatMap(encodeFrame), ...bad]);
    await spool.setRestAside(segment, rest, `${reasons.join('; ')}; ${loadedRows} good rows were loaded`);
  }

  /**
   * Inserts what the store takes of frames that have the same columns. What it refuses is looked for by halves, so that one bad frame, of one
   * sender, does not keep the others' from being loaded.
   */
  async #insertFrames(segment: SealedSegment, frames: readonly Frame[], token: string, refused: RefusedFrames[]): Promise<void> {
    try {
      await this.#options.target.insert(partOf(segment, frames, token));
    } catch (error) {
      if (!(await isRefusal(error, frames))) throw error;
      if (frames.length === 1 || refused.length >= REFUSED_APART_MAX) {
        refused.push({ frames, reason: messageOf(error) });
        return;
      }
      const half = Math.ceil(frames.length / 2);
      for (const part of [frames.slice(0, half), frames.slice(half)]) await this.#insertFrames(segment, part, tokenOf(segment, part), refused);
    }
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

/** By table, and by columns where two versions of this program wrote to the segment. */
function groupsOf(frames: readonly Frame[]): Frame[][] {
  return [...Map.groupBy(frames, ({ table, schema }) => `${table}-${schema}`).values()];
}

function partOf({ path }: SealedSegment, frames: readonly Frame[], token: string): SegmentPart {
  const { table, schema } = frames[0] as Frame;
  return { segmentId: token, table, schema, blocks: frames.map(({ rows }) => rows), scratchPath: `${path}.${table}-${schema}.rows` };
}

// By what is in it: the same part of a segment has the same token after a crash, and another part has another.
function tokenOf({ id }: SealedSegment, frames: readonly Frame[]): string {
  return `${id}-${frames.reduce((sum, { rows }) => crc32(rows, sum), 0).toString(16)}`;
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

/** Whether the store will never take these frames. */
async function isRefusal(error: unknown, frames: readonly Frame[]): Promise<boolean> {
  const code = codeOf(error);
  if (code === undefined) return false;
  if (code !== NO_MEMORY_CODE) return REFUSED_CODES.has(code);
  // There may be no memory for a while, or a length that lies may have asked for more than there will ever be.
  for (const { rows } of frames) {
    if (!isReadable(rows)) return true;
    await new Promise(setImmediate);
  }
  return false;
}

/** Ours, or the store's own. The client finds none in a message that broke off at a zero byte, which broken rows can put into it. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return /^Code: (\d+)\./.exec(messageOf(error))?.[1];
}

function isReadable(rows: Buffer): boolean {
  try {
    readNativeRows(rows);
    return true;
  } catch {
    return false;
  }
}
