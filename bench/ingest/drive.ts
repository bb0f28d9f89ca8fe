import { Agent, request } from 'node:http';
import type { Payloads } from './payloads.js';

export interface DriveOptions {
  url: string;
  payloads: Payloads;
  /** Each round of all payloads is sent with the next key, and so is another organization's. */
  keys: readonly string[];
  firstKey: number;
  seconds: number;
  /** Requests under way at the same time. */
  clients: number;
  /** Spans a second that are offered; undefined sends as fast as answers come. */
  spansPerSecond?: number;
  onSecond?: (acknowledged: number) => void;
}

export interface Driven {
  acknowledged: number;
  /** Milliseconds from a request's first byte to its answer, sorted. */
  ackMs: number[];
  seconds: number;
  /** The key to go on with. */
  nextKey: number;
}

/** Sends for a time, and counts what was answered with 200. @throws Error on any other answer */
export async function drive(options: DriveOptions): Promise<Driven> {
  const { url, payloads, keys, seconds, clients, spansPerSecond } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const ackMs: number[] = [];
  let sent = 0;
  let acknowledged = 0;
  const spanMs = spansPerSecond === undefined ? 0 : (payloads.spansPerRequest / spansPerSecond) * 1000;
  const ticking = setInterval(() => options.onSecond?.(acknowledged), 1000);

  const client = async () => {
    for (;;) {
      const n = sent++;
      // An open loop: a slow answer does not make the next request come later.
      const dueAt = startedAt + n * spanMs;
      const waitMs = dueAt - performance.now();
      if (Math.max(dueAt, performance.now()) >= endsAt) return;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const key = keys[options.firstKey + Math.floor(n / payloads.bodies.length)];
      if (key === undefined) throw new Error('not enough keys for so many spans');
      const sentAt = performance.now();
      await post(agent, url, key, payloads.bodies[n % payloads.bodies.length] as Buffer);
      ackMs.push(performance.now() - (spanMs > 0 ? dueAt : sentAt));
      acknowledged += payloads.spansPerRequest;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  clearInterval(ticking);
  agent.destroy();
  return { acknowledged, ackMs: ackMs.sort((a, b) => a - b), seconds: (performance.now() - startedAt) / 1000, nextKey: options.firstKey + Math.ceil(sent / payloads.bodies.length) };
}

export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function post(agent: Agent, url: string, key: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip', 'content-length': body.length };
    const outgoing = request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode ?? 0}`))));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
