import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RPC_CODE, type Accepted, type OtlpEncoding, type OtlpIntake, type OtlpSignal, type RpcCode } from '#traces';
import { DomainError, keyInHeaders, messageOf, type ApiKeys, type Clock, type Config, type ErrorKind, type Logger } from '#platform';
import { FairQueue } from './fair-queue.js';
import { KeyLimits } from './key-limits.js';

/*
 * What a request goes through whatever it came over: who sends, whether its key may send now, its body, decompressed, into the spool. A body
 * is decompressed and read when it is its key's turn.
 */

const inflate = promisify(gunzip);
const RETRY_AFTER_SECONDS = 5;
// zlib.net/zlib_tech.html: "the maximum compression factor".
const DEFLATE_RATIO_MAX = 1032;
// Decompression runs beside the event loop, reading on it: a few at a time keep both busy.
const PARALLEL_MAX = 4;

type ReceiverConfig = Pick<Config, 'INGEST_BODY_BYTES_MAX' | 'INGEST_DECOMPRESSED_BYTES_MAX' | 'INGEST_KEY_BYTES_PER_SECOND_MAX' | 'INGEST_KEY_REQUESTS_MAX'>;

export interface ReceiverInput {
  intake: OtlpIntake;
  keys: ApiKeys;
  clock: Clock;
  config: ReceiverConfig;
  logger: Logger;
}

export interface OtlpRequest {
  signal: OtlpSignal;
  headers: Readonly<Record<string, unknown>>;
  readBody(bytesMax: number): Promise<SentBody>;
}

export interface SentBody {
  encoding: OtlpEncoding;
  isGzip: boolean;
  bytes: Buffer;
}

export class OtlpReceiver {
  readonly #input: ReceiverInput;
  readonly #limits: KeyLimits;
  readonly #queue = new FairQueue(PARALLEL_MAX);

  constructor(input: ReceiverInput) {
    const { config, clock } = input;
    this.#input = input;
    this.#limits = new KeyLimits({ bytesPerSecondMax: config.INGEST_KEY_BYTES_PER_SECOND_MAX, requestsMax: config.INGEST_KEY_REQUESTS_MAX, clock });
  }

  /** The largest message, after decompression. */
  get messageBytesMax(): number {
    return this.#input.config.INGEST_DECOMPRESSED_BYTES_MAX;
  }

  /** Resolves when what was sent is on disk. @throws DomainError for everything that `describe` gives a code; anything else is a fault of ours */
  async receive(request: OtlpRequest): Promise<Accepted> {
    const { keys, intake, config } = this.#input;
    const { organizationId, keyId } = await keys.authenticate(keyInHeaders(request), 'ingest');
    const leave = this.#limits.enter(keyId);
    try {
      const { encoding, isGzip, bytes } = await request.readBody(config.INGEST_BODY_BYTES_MAX);
      // Only reading the body waits for a turn: while one request waits for the disk another can be read.
      const stored = await this.#queue.run(keyId, async () => {
        const body = isGzip ? await decompress(bytes, config.INGEST_DECOMPRESSED_BYTES_MAX) : bytes;
        this.#limits.pay(keyId, body.length);
        return { accepted: intake.accept(request.signal, organizationId, body, encoding) };
      });
      return await stored.accepted;
    } finally {
      leave();
    }
  }

  /** How a failure is told to the sender: what it must not send again, and what it should. */
  describe(error: unknown): { kind: ErrorKind; code: RpcCode; message: string; retryAfterSeconds: number | undefined } {
    if (error instanceof DomainError) {
      const isWorthARetry = error.kind === 'unavailable' || error.kind === 'rate_limited';
      const seconds = error.details?.['retryAfterSeconds'];
      return { kind: error.kind, code: RPC_CODE_OF_KIND[error.kind], message: error.message, retryAfterSeconds: isWorthARetry ? (typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS) : undefined };
    }
    // What we cannot name may be over by the next attempt; a 500 would make clients drop the spans.
    this.#input.logger.error({ err: error }, 'OTLP request failed');
    return { kind: 'unavailable', code: RPC_CODE.unavailable, message: `The request could not be stored (${messageOf(error)}): send again`, retryAfterSeconds: RETRY_AFTER_SECONDS };
  }
}

const RPC_CODE_OF_KIND: Record<ErrorKind, RpcCode> = {
  invalid: RPC_CODE.invalid_argument,
  unsupported: RPC_CODE.invalid_argument,
  conflict: RPC_CODE.invalid_argument,
  not_found: RPC_CODE.unimplemented,
  unauthenticated: RPC_CODE.unauthenticated,
  forbidden: RPC_CODE.permission_denied,
  too_large: RPC_CODE.resource_exhausted,
  rate_limited: RPC_CODE.resource_exhausted,
  unavailable: RPC_CODE.unavailable,
};

/** What was not taken of a request, in words; empty when all was. */
export function rejectionMessage(signal: OtlpSignal, { accepted, rejected, rejection }: Accepted): string {
  if (rejected === 0) return '';
  return `${rejected} of ${accepted + rejected} ${signal === 'traces' ? 'spans' : 'log records'} were not taken; the first: ${rejection}`;
}

async function decompress(body: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    // Stops at the limit: a bomb costs no more than a request of that size.
    return await inflate(body, { maxOutputLength: bytesMax, chunkSize: expectedBytes(body, bytesMax) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax, 'after decompression', 'INGEST_DECOMPRESSED_BYTES_MAX');
    throw new DomainError({ kind: 'invalid', code: 'malformed_gzip', message: `The body is not valid gzip (${messageOf(cause)})`, cause });
  }
}

// One buffer of the right size instead of many that are put together: a third less garbage. What the trailer claims (RFC 1952, ISIZE) is
// believed only as far as deflate can compress at all.
function expectedBytes(body: Buffer, bytesMax: number): number {
  const claimed = body.length < 4 ? 0 : body.readUInt32LE(body.length - 4);
  return Math.max(1024, Math.min(claimed + 1, bytesMax, body.length * DEFLATE_RATIO_MAX));
}

export function tooLarge(bytesMax: number, when: string, setting: string): DomainError {
  return new DomainError({ kind: 'too_large', code: 'body_too_large', message: `The body is larger than ${bytesMax} bytes ${when}: send smaller batches (limit: ${setting})` });
}
