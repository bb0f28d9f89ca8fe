import { resolve } from 'node:path';
import { DomainError, type ClickHouse, type Clock, type Config, type Database, type Logger } from '#platform';
import { RecentSpans } from './counting/recent-spans.js';
import { SegmentLoader } from './loader/segment-loader.js';
import { segmentTarget } from './loader/segment-target.js';
import { BufferPool } from './native/buffer-pool.js';
import type { AttributeLimits } from './rows/attribute-draft.js';
import { Transcoder, type OtlpEncoding, type OtlpSignal, type Sender, type Transcoded } from './otlp/transcode.js';
import { SenderStore } from './sender-store.js';
import { readSignals, type SignalProblem } from './signals/read-signals.js';
import { SignalClaims } from './signals/signal-claims.js';
import { signalFrameOf } from './signals/signal-frame.js';
import { Spool } from './spool/spool.js';

export interface Accepted {
  accepted: number;
  rejected: number;
  /** Why the first rejected one was rejected. */
  rejection: string | undefined;
}

/** What became of the signals of one request that came over REST. */
export interface AcceptedSignals {
  accepted: number;
  /** Of those, the ones whose id was there before: what came first under it stands. */
  repeated: number;
  rejected: SignalProblem[];
}

/** What was taken in since the start, and what waits. */
export interface IntakeFigures {
  acceptedSpans: number;
  resentSpans: number;
  rejectedSpans: number;
  acceptedLogs: number;
  rejectedLogs: number;
  acceptedSignals: number;
  rejectedSignals: number;
  spoolBytes: number;
  spoolSegments: number;
  /** Segments that the store refused; `astrolabe spool list` shows them. */
  refusedSegments: number;
  isStoreAway: boolean;
}

const BUFFER_BYTES_MAX = 32 * 1024 * 1024;
const DAY_MS = 24 * 3_600_000;

/** From an OTLP body to durable, priced rows, and on into the store. */
export class OtlpIntake {
  readonly #counts = { acceptedSpans: 0, resentSpans: 0, rejectedSpans: 0, acceptedLogs: 0, rejectedLogs: 0, acceptedSignals: 0, rejectedSignals: 0 };

  private constructor(
    private readonly spool: Spool,
    private readonly loader: SegmentLoader,
    private readonly senders: SenderStore,
    private readonly claims: SignalClaims,
    private readonly transcoder: Transcoder,
    private readonly recentSpans: RecentSpans,
    private readonly buffers: BufferPool,
    private readonly limits: AttributeLimits,
    private readonly clock: Clock,
  ) {}

  static async open(input: { config: Config; clickhouse: ClickHouse; postgres: Database; clock: Clock; logger: Logger }): Promise<OtlpIntake> {
    const { config, clickhouse, clock, logger } = input;
    const spool = await Spool.open({
      directory: spoolDirectory(config),
      segmentBytesMax: config.SPOOL_SEGMENT_BYTES_MAX,
      segmentAgeMs: config.SPOOL_SEGMENT_AGE_MS,
      bytesMax: config.SPOOL_BYTES_MAX,
      freeBytesMin: config.SPOOL_FREE_BYTES_MIN,
      clock,
      logger,
    });
    const loader = new SegmentLoader({ spool, target: segmentTarget(clickhouse), storeReady: clickhouse.migrated, logger, parallelMax: config.SPOOL_LOADS_MAX });
    const buffers = new BufferPool(BUFFER_BYTES_MAX);
    const recentSpans = new RecentSpans(config.INGEST_RECENT_SPANS);
    const limits = { attributesMax: config.INGEST_ATTRIBUTES_MAX, attributeBytesMax: config.INGEST_ATTRIBUTE_BYTES_MAX };
    const transcoder = new Transcoder({
      limits,
      distinctValuesMax: config.INGEST_DISTINCT_VALUES_MAX,
      spanAgeMsMax: config.INGEST_SPAN_AGE_DAYS_MAX * DAY_MS,
      spanAheadMsMax: config.INGEST_SPAN_AHEAD_MS_MAX,
      recentSpans,
      clock,
      buffers,
    });
    loader.start();
    return new OtlpIntake(spool, loader, new SenderStore(input.postgres, clock), new SignalClaims(input.postgres), transcoder, recentSpans, buffers, limits, clock);
  }

  /**
   * What is known of an organization that sends; read again every ten seconds.
   * @throws DomainError `prices_unusable`, `telemetry_settings_unusable`, after which it should send again
   */
  senderOf(organizationId: string): Promise<Sender> {
    return this.senders.get(organizationId);
  }

  /**
   * Reads the body before it returns, and resolves when what was sent is on disk.
   * @throws DomainError `malformed_otlp`; `spool_full` and `spool_failed`, after which the sender should send again
   */
  async accept(signal: OtlpSignal, sender: Sender, body: Uint8Array, encoding: OtlpEncoding): Promise<Accepted> {
    const input = { body, encoding, sender, ingestedAtMs: this.clock.now().getTime() };
    const transcoded = signal === 'traces' ? this.transcoder.traces(input) : this.transcoder.logs(input);
    try {
      await this.spool.append(transcoded.frames);
    } finally {
      for (const { rows } of transcoded.frames) this.buffers.give(rows);
    }
    // Only what is on disk may be answered for when it comes again.
    this.recentSpans.add(transcoded.newSpans);
    this.#count(signal, transcoded);
    return { accepted: transcoded.accepted, rejected: transcoded.rejected, rejection: transcoded.rejection };
  }

  /**
   * Reads the records before it returns, and resolves when the good ones are on disk, each under its id: the first that was sent with an id
   * stands, and is what is written when the id comes again.
   * @throws DomainError `invalid_signals` when none is good; `spool_full` and `spool_failed`, after which the sender should send again
   */
  async acceptSignals({ organizationId }: Sender, records: readonly unknown[]): Promise<AcceptedSignals> {
    const now = this.clock.now();
    const { signals, rejected } = readSignals(records, { ...this.limits, window: this.transcoder.windowFor(now.getTime(), 0), nowMs: now.getTime() });
    this.#counts.rejectedSignals += rejected.length;
    if (signals.length === 0) {
      if (rejected.length > 0) throw invalidSignals(rejected);
      return { accepted: 0, repeated: 0, rejected };
    }
    const claims = await this.claims.claim(organizationId, signals, now);
    const frame = signalFrameOf(organizationId, claims.signals, this.buffers);
    try {
      await this.spool.append([frame]);
    } finally {
      this.buffers.give(frame.rows);
    }
    this.#counts.acceptedSignals += signals.length;
    return { accepted: signals.length, repeated: claims.repeated, rejected };
  }

  /** Waits until everything accepted so far can be read. */
  drain(): Promise<void> {
    return this.loader.drain();
  }

  /** Why it would now refuse what it last refused; undefined while it takes what comes. */
  whyFull(): string | undefined {
    return this.spool.whyFull();
  }

  figures(): IntakeFigures {
    return {
      ...this.#counts,
      spoolBytes: this.spool.bytesOnDisk,
      spoolSegments: this.spool.sealed().length,
      refusedSegments: this.spool.refusedCount(),
      isStoreAway: this.loader.isWaiting,
    };
  }

  async close(): Promise<void> {
    await this.spool.close();
    await this.loader.stop();
  }

  #count(signal: OtlpSignal, { accepted, resent, rejected }: Transcoded): void {
    if (signal === 'logs') {
      this.#counts.acceptedLogs += accepted;
      this.#counts.rejectedLogs += rejected;
      return;
    }
    this.#counts.acceptedSpans += accepted;
    this.#counts.resentSpans += resent;
    this.#counts.rejectedSpans += rejected;
  }
}

function invalidSignals(rejected: SignalProblem[]): DomainError {
  const message = `None of the ${rejected.length} signals can be taken; the first: ${rejected[0]?.problem}`;
  return new DomainError({ kind: 'invalid', code: 'invalid_signals', message, details: { accepted: 0, rejected } });
}

/** Where a receiver with this configuration keeps its spool. */
export function spoolDirectory(config: Pick<Config, 'DATA_DIR'>): string {
  return resolve(config.DATA_DIR, 'spool');
}
