import { PriceBook, type PriceOverride } from '#pricing';
import { DomainError, messageOf, type ClickHouse, type Clock, type Config, type Database, type Logger } from '#platform';
import { resolve } from 'node:path';
import { SegmentLoader } from './loader/segment-loader.js';
import { segmentTarget } from './loader/segment-target.js';
import { transcodeSpans, type OtlpEncoding } from './otlp/transcode.js';
import { SPAN_COLUMNS } from './rows/span-columns.js';
import { Spool } from './spool/spool.js';

const PRICES_MAX_AGE_MS = 10_000;

export interface AcceptedSpans {
  accepted: number;
  rejected: number;
  rejection: string | undefined;
}

/** From an OTLP body to durable, priced rows, and on into the store. */
export class SpanIntake {
  readonly #prices = new Map<string, { book: Promise<PriceBook>; readAtMs: number }>();

  private constructor(
    private readonly spool: Spool,
    private readonly loader: SegmentLoader,
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  static async open(input: { config: Config; clickhouse: ClickHouse; postgres: Database; clock: Clock; logger: Logger }): Promise<SpanIntake> {
    const { config, clickhouse, clock, logger } = input;
    const spool = await Spool.open({
      directory: resolve(config.DATA_DIR, 'spool', 'spans'),
      segmentBytesMax: config.SPOOL_SEGMENT_BYTES_MAX,
      segmentAgeMs: config.SPOOL_SEGMENT_AGE_MS,
      bytesMax: config.SPOOL_BYTES_MAX,
      clock,
      logger,
    });
    const loader = new SegmentLoader(spool, segmentTarget(clickhouse, { table: 'spans', columns: SPAN_COLUMNS }), logger);
    loader.start();
    return new SpanIntake(spool, loader, input.postgres, clock);
  }

  /**
   * Resolves when the spans are on disk.
   * @throws DomainError `malformed_otlp`; `spool_full`, `spool_failed` and `prices_unusable`, after which the sender should send again
   */
  async accept(organizationId: string, body: Uint8Array, encoding: OtlpEncoding): Promise<AcceptedSpans> {
    const prices = await this.#pricesOf(organizationId);
    const { rows, ...counts } = transcodeSpans({ body, encoding, organizationId, ingestedAtMs: this.clock.now().getTime(), prices });
    await this.spool.append(rows, counts.accepted);
    return counts;
  }

  /** Waits until everything accepted so far can be read. */
  drain(): Promise<void> {
    return this.loader.drain();
  }

  async close(): Promise<void> {
    await this.spool.close();
    await this.loader.stop();
  }

  #pricesOf(organizationId: string): Promise<PriceBook> {
    const nowMs = this.clock.now().getTime();
    const cached = this.#prices.get(organizationId);
    if (cached && nowMs - cached.readAtMs < PRICES_MAX_AGE_MS) return cached.book;
    const book = this.#readPrices(organizationId);
    this.#prices.set(organizationId, { book, readAtMs: nowMs });
    // A failed read must not be remembered.
    book.catch(() => this.#prices.delete(organizationId));
    return book;
  }

  async #readPrices(organizationId: string): Promise<PriceBook> {
    const rows = await this.db.selectFrom('modelPrices').select(['provider', 'model', 'effectiveFrom', 'prices']).where('organizationId', '=', organizationId).execute();
    try {
      return new PriceBook(rows.map((row) => ({ ...row, prices: row.prices as unknown as PriceOverride['prices'] })));
    } catch (cause) {
      // Our own settings are at fault and not the request: a refusal would make the sender drop spans that are fine.
      throw new DomainError({
        kind: 'unavailable',
        code: 'prices_unusable',
        message: `The model prices of organization ${organizationId} cannot be used (${messageOf(cause)}): correct them, then send again`,
        cause,
      });
    }
  }
}
