import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, type Logger } from '#platform';
import { scanSegment } from '../spool/segment-format.js';
import type { SealedSegment, Spool } from '../spool/spool.js';
import type { SegmentTarget } from './segment-target.js';

/*
 * Moves sealed segments into the store, oldest first, one at a time. A segment is deleted only after the store has it; a crash in between
 * loads it again under the same token, which changes nothing. The store being away is waited for; a segment that the store refuses
 * for what is in it is set aside, because waiting would never help and would hold up everything behind it. So is forgotten, loudly, a
 * segment whose file somebody removed.
 */

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;

// ClickHouse error codes that say "not these rows, ever": the rows do not parse or do not fit their columns.
const REFUSED_CODES = new Set(['6', '26', '27', '32', '33', '38', '41', '53', '69', '70', '117', '128', '131', '349', '407', '620', '646']);

export class SegmentLoader {
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    private readonly spool: Spool,
    private readonly target: SegmentTarget,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.spool.onSealed(() => this.#wake());
    this.#wake();
  }

  /** Waits until everything acknowledged so far is in the store. */
  async drain(): Promise<void> {
    await this.spool.seal();
    this.#wake();
    while (this.#running) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  #wake(): void {
    this.#running ??= this.#loadAll().finally(() => {
      this.#running = undefined;
      // One may have been sealed between the last look and here.
      if (this.spool.sealed().length > 0 && !this.#stopped.signal.aborted) this.#wake();
    });
  }

  async #loadAll(): Promise<void> {
    let backoffMs = BACKOFF_MS_MIN;
    for (let segment = this.spool.sealed()[0]; segment && !this.#stopped.signal.aborted; segment = this.spool.sealed()[0]) {
      try {
        await this.#load(segment);
        backoffMs = BACKOFF_MS_MIN;
      } catch (error) {
        this.logger.warn({ err: error, segment: segment.id, backoffMs }, 'the store does not take a segment yet');
        await sleep(backoffMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
        backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2);
      }
    }
  }

  async #load(segment: SealedSegment): Promise<void> {
    const content = await readFile(segment.path).catch(noFile);
    if (!content) {
      this.logger.error({ segment: segment.id, bytes: segment.bytes }, 'segment file is gone: its spans are lost');
      return this.spool.remove(segment);
    }
    const { frames, rowCount, badBytes } = scanSegment(content);
    try {
      if (rowCount > 0) await this.target.insert(segment.id, frames.map((frame) => frame.rows), `${segment.path}.rows`);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.spool.setAside(segment, messageOf(error));
    }
    if (badBytes > 0) return this.spool.setAside(segment, `${badBytes} bytes after ${rowCount} good rows are damaged; the good rows were loaded`);
    await this.spool.remove(segment);
    this.logger.debug({ segment: segment.id, rowCount }, 'segment loaded');
  }
}

function noFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && REFUSED_CODES.has(code);
}
