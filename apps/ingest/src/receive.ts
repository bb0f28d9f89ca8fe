import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RPC_CODE, signalRecordsOf, type Accepted, type AcceptedSignals, type OtlpEncoding, type OtlpIntake, type OtlpSignal, type RpcCode, type Sender, type SignalBody } from '#traces';
import { DomainError, keyInHeaders, messageOf, type ApiKeys, type Clock, type Config, type ErrorKind, type Logger } from '#platform';
import { FairQueue } from './fair-queue.js';
import { KeyLimits, type Pass } from './key-limits.js';

/*
 * What a request goes through whatever it came over: who sends, whether its key may send now, its body, decompressed, into the spool. Who
 * sends is looked at before what is sent, and a body is decompressed and read when it is its key's turn.
 */

const inflate = promisify(gunzip);
const RETRY_AFTER_SECONDS = 5;
// zlib.net/zlib_tech.html: "the maximum compression factor".
const DEFLATE_RATIO_MAX = 1032;
// Decompression runs beside the event loop, reading on it: a few at a time keep both busy.
const PARALLEL_MAX = 4;

type ReceiverConfig = Pick<Config, 'INGEST_BODY_BYTES_MAX' | 'INGEST_DECOMPRESSED_BYTES_MAX' | 'INGEST_HELD_BYTES_MAX' | 'INGEST_KEY_BYTES_PER_SECOND_MAX' | 'INGEST_KEY_REQUESTS_MAX'>;

export interface ReceiverInput {
  intake: OtlpIntake;
  keys: ApiKeys;
  clock: Clock;
  config: ReceiverConfig;
  logger: Logger;
}

/** A request whose sender is known and may send now. Its body is not read before. */
export interface Admission extends Omit<Pass, 'pay'> {
  /** Resolves when what was sent is on disk. The bytes that it was given are held already. */
  store(signal: OtlpSignal, sent: SentBody<OtlpEncoding>): Promise<Accepted>;
  /** The same for signals that come over REST. */
  storeSignals(sent: SentBody<SignalBody>): Promise<AcceptedSignals>;
}

export interface SentBody<Encoding> {
  encoding: Encoding;
  isGzip: boolean;
  bytes: Buffer;
}

interface Source {
  pass: Pass;
  organizationId: string;
  keyId: string;
}

/** Every failure here is a DomainError that `describe` gives a code, or a fault of ours. */
export class OtlpReceiver {
  readonly #input: ReceiverInput;
  readonly #limits: KeyLimits;
  readonly #queue = new FairQueue(PARALLEL_MAX);

  constructor(input: ReceiverInput) {
    const { config, clock } = input;
    this.#input = input;
    this.#limits = new KeyLimits({
      bytesPerSecondMax: config.INGEST_KEY_BYTES_PER_SECOND_MAX,
      requestsMax: config.INGEST_KEY_REQUESTS_MAX,
      heldBytesMax: config.INGEST_HELD_BYTES_MAX,
      clock,
    });
  }

  /** The largest request as sent. */
  get bodyBytesMax(): number {
    return this.#input.config.INGEST_BODY_BYTES_MAX;
  }

  /** The largest request after decompression. */
  get messageBytesMax(): number {
    return this.#input.config.INGEST_DECOMPRESSED_BYTES_MAX;
  }

  /** Lets a request in by its headers; whoever asked must `leave`. */
  async admit(headers: Readonly<Record<string, unknown>>): Promise<Admission> {
    const { organizationId, keyId } = await this.#input.keys.authenticate(keyInHeaders({ headers }), 'ingest');
    const pass = this.#limits.enter(keyId);
    const from = { pass, organizationId, keyId };
    const { intake } = this.#input;
    return {
      ...pass,
      store: (signal, sent) => this.#store(from, sent, (sender, body) => intake.accept(signal, sender, body, sent.encoding)),
      storeSignals: (sent) => this.#store(from, sent, (sender, body) => intake.acceptSignals(sender, signalRecordsOf(body, sent.encoding))),
    };
  }

  async #store<Taken>({ pass, organizationId, keyId }: Source, sent: SentBody<unknown>, accept: (sender: Sender, body: Buffer) => Promise<Taken>): Promise<Taken> {
    const sender = await this.#input.intake.senderOf(organizationId);
    // Only reading the body waits for a turn: while one request waits for the disk another can be read.
    const stored = await this.#queue.run(keyId, async () => {
      const body = sent.isGzip ? await this.#decompress(pass, sent.bytes) : sent.bytes;
      pass.pay(body.length);
      return { taken: accept(sender, body) };
    });
    return stored.taken;
  }

  async #decompress(pass: Pass, bytes: Buffer): Promise<Buffer> {
    const expected = expectedBytes(bytes, this.messageBytesMax);
    pass.hold(expected);
    const body = await decompress(bytes, this.messageBytesMax, expected);
    pass.hold(Math.max(0, body.length - expected));
    return body;
  }

  /** How a failure is told to the sender: what it must not send again, and what it should. */
  describe(error: unknown): { kind: ErrorKind; code: RpcCode; message: string; retryAfterSeconds: number | undefined } {
    if (error instanceof DomainError) {
      const isWorthARetry = error.kind === 'unavailable' || error.kind === 'rate_limited';
      const seconds = error.details?.['retryAfterSeconds'];
      return { kind: error.kind, code: RPC_CODE_OF_KIND[error.kind], message: error.message, retryAfterSeconds: isWorthARetry ? (typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS) : undefined };
    }
    // What we cannot name may be over by the next attempt; a 500 would make clients drop the spans. What it says of our insides is for us.
    this.#input.logger.error({ err: error }, 'request to the receiver failed');
    return { kind: 'unavailable', code: RPC_CODE.unavailable, message: 'The request could not be stored: send again', retryAfterSeconds: RETRY_AFTER_SECONDS };
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

async function decompress(body: Buffer, bytesMax: number, expected: number): Promise<Buffer> {
  try {
    // Stops at the limit: a bomb costs no more than a request of that size.
    return await inflate(body, { maxOutputLength: bytesMax, chunkSize: expected });
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
