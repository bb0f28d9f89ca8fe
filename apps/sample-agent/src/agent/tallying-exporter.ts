import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';

type ResultCallback = Parameters<SpanExporter['export']>[1];

export interface ExportTally {
  ended: number;
  exported: number;
  /** Why the first failed batch failed, or null. */
  firstFailure: string | null;
}

/**
 * Counts what ended and what arrived. The SDK drops spans silently, when its queue is full as well as when a batch fails; the difference
 * of the two counts is the only thing that tells.
 */
export class TallyingExporter implements SpanExporter, SpanProcessor {
  readonly #inner: SpanExporter;
  readonly #inFlight = new Set<Promise<void>>();
  #ended = 0;
  #exported = 0;
  #firstFailure: string | null = null;

  constructor(inner: SpanExporter) {
    this.#inner = inner;
  }

  get tally(): ExportTally {
    return { ended: this.#ended, exported: this.#exported, firstFailure: this.#firstFailure };
  }

  onStart(): void {
    // Only ended spans are exported.
  }

  onEnd(): void {
    this.#ended += 1;
  }

  export(spans: ReadableSpan[], done: ResultCallback): void {
    const settled = new Promise<void>((resolve) => {
      this.#inner.export(spans, (result) => {
        // ExportResultCode.SUCCESS is 0; the enum lives in a package that we do not depend on.
        if (Number(result.code) === 0) this.#exported += spans.length;
        else this.#firstFailure ??= result.error?.message ?? 'the exporter gave no reason';
        done(result);
        resolve();
      });
    });
    this.#inFlight.add(settled);
    void settled.then(() => this.#inFlight.delete(settled));
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#inFlight);
    await this.#inner.forceFlush?.();
  }

  // Called once as a processor and once by the batch processor that exports through us.
  async shutdown(): Promise<void> {
    await this.forceFlush();
  }

  async close(): Promise<void> {
    await this.forceFlush();
    await this.#inner.shutdown();
  }
}
