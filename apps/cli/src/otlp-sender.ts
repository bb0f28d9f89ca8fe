import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExportTraceServiceRequest } from '#evals';
import { DomainError, messageOf, type ErrorKind } from '#platform';

export const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318';

/** OTLP 1.11, "Retryable response codes": these and no others. */
const RETRYABLE = new Set([429, 502, 503, 504]);
/** A connection that broke underway. A name that does not resolve, or nobody listening, will not be better in a second. */
const LOST = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const ATTEMPTS_MAX = 5;
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 30_000;
const ANSWER_MS_MAX = 60_000;
const compress = promisify(gzip);

/** What the receiver said of one request. */
export interface SendAnswer {
  rejectedSpans: number;
  /** Why spans were rejected, or a remark; empty when all was well. */
  message: string;
}

/**
 * Sends OTLP/JSON export requests, gzipped, one at a time. Overload and lost connections are retried as the receiver asks, a bounded
 * number of times; span ids make a repeat harmless. Every other refusal is a DomainError that says what to do.
 */
export class OtlpSender {
  /** Where requests go. */
  readonly endpoint: string;
  readonly #headers: Record<string, string>;

  constructor({ endpoint, key }: { endpoint: string; key?: string | undefined }) {
    this.endpoint = tracesUrl(endpoint);
    this.#headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
  }

  async send(request: ExportTraceServiceRequest): Promise<SendAnswer> {
    const body = await compress(JSON.stringify(request));
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#post(body, attempt);
      if (answer === 'lost') {
        await sleep(backoffMs(attempt));
        continue;
      }
      if (answer.ok) return readAnswer(answer.text);
      if (!RETRYABLE.has(answer.status)) throw refusal(this.endpoint, answer.status, answer.text);
      const waitMs = retryAfterMs(answer.retryAfter) ?? backoffMs(attempt);
      if (attempt >= ATTEMPTS_MAX || waitMs > WAIT_MS_MAX) {
        throw new DomainError({
          kind: 'unavailable',
          code: 'receiver_overloaded',
          message:
            `${this.endpoint} answered ${answer.status} to ${attempt} attempts; ` +
            `try again in ${Math.ceil(waitMs / 1000)} s or later, nothing is counted twice`,
        });
      }
      await sleep(waitMs);
    }
  }

  /** One attempt; `lost` for a connection that broke and is worth another. */
  async #post(body: Uint8Array<ArrayBuffer>, attempt: number) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await fetch(this.endpoint, { method: 'POST', headers: this.#headers, body, redirect: 'manual', signal });
      return { ok: response.ok, status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
    } catch (error) {
      if (LOST.has(causeOf(error).code ?? '') && attempt < ATTEMPTS_MAX) return 'lost' as const;
      throw unreachable(this.endpoint, error);
    }
  }
}

function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const message = `"${endpoint}" is not an endpoint; --endpoint takes a base URL such as ${DEFAULT_ENDPOINT}`;
    throw new DomainError({ kind: 'invalid', code: 'endpoint_invalid', message });
  }
  return `${endpoint.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')}/v1/traces`;
}

function backoffMs(attempt: number): number {
  return FIRST_WAIT_MS * 2 ** (attempt - 1);
}

// Seconds or an HTTP date (RFC 9110, section 10.2.3).
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const milliseconds = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? null : Math.max(0, milliseconds);
}

function readAnswer(text: string): SendAnswer {
  const partial = parseObject(parseObject(text)?.partialSuccess);
  const message = partial?.errorMessage;
  // A 64-bit integer is a string in OTLP/JSON, and left out when it is 0.
  return { rejectedSpans: Number(partial?.rejectedSpans ?? 0) || 0, message: typeof message === 'string' ? message : '' };
}

function refusal(endpoint: string, status: number, text: string): DomainError {
  const said = parseObject(text);
  const reason = [said?.message, said?.detail, said?.title].find((part) => typeof part === 'string') ?? text.slice(0, 200).trim();
  const because = reason === '' ? '' : `: ${reason}`;
  const fail = (kind: ErrorKind, code: string, message: string) => new DomainError({ kind, code, message });
  const keys = 'give one with --key or in ASTROLABE_API_KEY';
  switch (status) {
    case 400:
      return fail('invalid', 'receiver_refused', `${endpoint} could not read the spans${because}`);
    case 401:
      return fail('unauthenticated', 'key_refused', `${endpoint} did not accept the API key; ${keys}`);
    case 403:
      return fail('forbidden', 'key_not_allowed', `The API key may not send spans to ${endpoint}: it needs the scope ingest; ${keys}`);
    case 404:
      return fail('not_found', 'receiver_not_found', `No OTLP receiver at ${endpoint}; --endpoint takes its base URL, as ${DEFAULT_ENDPOINT}`);
    case 413:
      return fail('too_large', 'request_too_large', `${endpoint} found the request too large${because}`);
    default:
      return fail('unavailable', 'receiver_failed', `${endpoint} answered ${status}${because}`);
  }
}

function unreachable(endpoint: string, error: unknown): DomainError {
  const { code, message: reason = messageOf(error) } = causeOf(error);
  if (code === 'ECONNREFUSED') {
    const { host } = new URL(endpoint);
    const message = `The server is not running at ${host}: start it with \`npm start\`, or give its address with --endpoint`;
    return new DomainError({ kind: 'unavailable', code: 'server_not_running', message, cause: error });
  }
  return new DomainError({ kind: 'unavailable', code: 'server_unreachable', message: `${endpoint} cannot be reached: ${reason}`, cause: error });
}

/** fetch throws "fetch failed" and keeps the system's error as its cause. */
function causeOf(error: unknown): { code?: string; message?: string } {
  return (error as { cause?: { code?: string; message?: string } }).cause ?? {};
}

function parseObject(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'string') return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  try {
    return value === '' ? null : parseObject(JSON.parse(value) as object);
  } catch {
    // A proxy's HTML page, or nothing: there is no more to read from it.
    return null;
  }
}
