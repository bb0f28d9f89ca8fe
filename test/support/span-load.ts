import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';

const SPANS_PER_REQUEST = 50;

export interface Refusal {
  status: number;
  retryAfter: string | null;
}

/** Clients that send fresh spans one request after the other, and remember which were acknowledged, and which were refused and how. */
export class SpanLoad {
  readonly acknowledged: string[] = [];
  readonly refusals: Refusal[] = [];
  #isOver = false;
  #clients: Promise<void>[] = [];

  constructor(
    private readonly service: { url: string; key: string },
    private readonly pauseMs: number,
  ) {}

  start(clients: number): void {
    this.#clients = Array.from({ length: clients }, async () => {
      while (!this.#isOver) {
        await this.send();
        await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  /** One request. @throws Error when there is no answer at all */
  async send(spans = SPANS_PER_REQUEST): Promise<number> {
    const ids = Array.from({ length: spans }, () => randomBytes(8).toString('hex'));
    const startedAt = String(BigInt(Date.now()) * 1_000_000n);
    const request = requestOf(ids.map((spanId) => ({ traceId: randomBytes(16).toString('hex'), spanId, name: 'chat', startTimeUnixNano: startedAt, endTimeUnixNano: startedAt })));
    const response = await fetch(`${this.service.url}/v1/traces`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.service.key}`, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      body: gzipSync(protobufOf(request)) as BodyInit,
    });
    await response.arrayBuffer();
    if (response.status === 200) this.acknowledged.push(...ids);
    else this.refusals.push({ status: response.status, retryAfter: response.headers.get('retry-after') });
    return response.status;
  }
}

/** Ids that are not there exactly once. */
export function notOnce(ids: readonly string[], rows: readonly { span_id: string; times: string }[]): string[] {
  const times = new Map(rows.map((row) => [row.span_id, Number(row.times)]));
  return ids.filter((id) => times.get(id) !== 1);
}
