import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys, SystemClock, loadConfig, openClickHouseServer } from '#platform';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { OtlpIntake } from '#traces';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpSpan } from '../../libs/traces/src/testing/encode-request.js';
import { callRaw, frameOf } from '../support/grpc-frames.js';
import { HeldSync } from '../support/held-sync.js';
import { openReceivers, type OtlpReceivers } from '../support/otlp-receivers.js';
import { SENDERS, type OtlpAnswer, type SendOptions } from '../support/otlp-senders.js';
import { SIGNALS, TRACE_ID, spanIdOf } from '../support/otlp-signals.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/*
 * What a correct receiver does (OTLP specification 1.11), rule by rule, for both signals over everything that OTLP is sent over. Answers are
 * decoded without the code that wrote them. What the wire looks like in detail is in libs/traces/src/otlp/*.spec.ts, and the rules of JSON in
 * otlp-json.spec.ts; that what was acknowledged outlives a kill is in test/e2e/crash.spec.ts.
 */

const KIB = 1024;
const LIMITS = { INGEST_BODY_BYTES_MAX: 256 * KIB, INGEST_DECOMPRESSED_BYTES_MAX: 512 * KIB };

const CASES = SENDERS.flatMap((sender) => SIGNALS.map((signal) => ({ ...sender, ...signal })));
const HTTP_CASES = CASES.filter(({ name }) => name !== 'gRPC');
const GRPC_CASES = CASES.filter(({ name }) => name === 'gRPC');

/** google.rpc.Code, by the number, and how HTTP says it. */
const FAILURES = {
  INVALID_ARGUMENT: { code: 3, http: 400 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  TOO_LARGE: { code: 8, http: 413, grpc: 'RESOURCE_EXHAUSTED' },
  UNIMPLEMENTED: { code: 12, http: 404 },
  UNAVAILABLE: { code: 14, http: 503 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const;

describe('OTLP', () => {
  let stores: TestStores;
  let receivers: OtlpReceivers;
  const key = ApiKeys.newSecret();
  const readKey = ApiKeys.newSecret();
  let closing: (() => Promise<unknown> | void)[] = [];

  beforeAll(async () => {
    stores = await openTestStores();
    const keys = new ApiKeys(stores.postgres, new SystemClock());
    await keys.ensure('acme', 'agents', key, ['ingest']);
    await keys.ensure('acme', 'reader', readKey, ['read']);
    receivers = await openReceivers(stores, { config: LIMITS });
  });
  afterAll(async () => {
    await receivers.close();
    await stores.close();
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    closing = [];
  });

  let testNumber = 0;
  const nextTest = () => `test-${++testNumber}`;
  const others = async (settings: Parameters<typeof openReceivers>[1]) => {
    const opened = await openReceivers(stores, { ...settings, config: { DATA_DIR: `${stores.config.DATA_DIR}/${nextTest()}`, ...settings?.config } });
    closing.push(() => opened.close());
    return opened;
  };
  type Case = (typeof CASES)[number];
  const send = ({ send, signal }: Case, body: Buffer, options: SendOptions = {}, to = receivers) => send(to, signal, body, { key, ...options });
  const stored = async ({ stored }: Case, test: string) => {
    await receivers.intake.drain();
    return stored(stores, test);
  };

  const expectTaken = ({ name, encoding }: Case, answer: OtlpAnswer) => {
    expect(answer).toMatchObject({ status: name === 'gRPC' ? 'OK' : 200, failure: undefined, partialSuccess: undefined });
    expect([answer.contentType, answer.body.toString()]).toEqual([{ 'HTTP protobuf': 'application/x-protobuf', 'HTTP JSON': 'application/json', gRPC: null }[name], encoding === 'json' ? '{}' : '']);
  };
  const expectFailure = ({ name }: Case, answer: OtlpAnswer, expected: keyof typeof FAILURES, message: string, retryAfterSeconds?: number) => {
    const { code, http, ...named } = FAILURES[expected];
    expect(answer).toMatchObject({ status: name === 'gRPC' ? ('grpc' in named ? named.grpc : expected) : http, failure: { code, message: expect.stringContaining(message) } });
    expect([answer.contentType, answer.retryAfterSeconds]).toEqual([{ 'HTTP protobuf': 'application/x-protobuf', 'HTTP JSON': 'application/json', gRPC: null }[name], retryAfterSeconds]);
  };

  describe('rule 1: HTTP POST /v1/traces and /v1/logs, port 4318; gRPC 4317; protobuf and JSON on the same path by Content-Type; no compression and gzip; anything else 415', () => {
    it('listens on 4318 for HTTP and 4317 for gRPC unless told otherwise', () => {
      expect(loadConfig({})).toMatchObject({ PORT: 4318, GRPC_PORT: 4317, GRPC: true });
    });

    it.each(CASES)('takes $signal over $name, without compression and with gzip', async (given) => {
      const test = nextTest();
      expectTaken(given, await send(given, given.encode(given.encoding, test, [1, 2])));
      expectTaken(given, await send(given, given.encode(given.encoding, test, [3]), { isGzip: true }));
      expect(await stored(given, test)).toEqual([1, 2, 3]);
    });

    it.each(HTTP_CASES)('takes parameters and any case in Content-Type, and any case in Content-Encoding: $signal over $name', async (given) => {
      const type = given.encoding === 'json' ? 'Application/JSON; charset=utf-8' : 'APPLICATION/x-protobuf;v=1';
      expectTaken(given, await send(given, given.encode(given.encoding, nextTest(), [1]), { headers: { 'content-type': type } }));
      expectTaken(given, await send(given, given.encode(given.encoding, nextTest(), [1]), { headers: { 'content-encoding': 'Identity' } }));
      expectTaken(given, await send(given, given.encode(given.encoding, nextTest(), [1]), { isGzip: true, headers: { 'content-encoding': 'GZIP' } }));
    });

    const TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'application/grpc', 'application/protobuf', 'garbage', ''];
    it.each(SIGNALS.flatMap(({ signal }) => TYPES.map((type) => ({ signal, type }))))('415 to $signal of Content-Type "$type", in JSON', async ({ signal, type }) => {
      const response = await fetch(`${receivers.url}/v1/${signal}`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': type }, body: Buffer.from('{}') as BodyInit });
      expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([415, 'application/json', { code: 3, message: expect.stringContaining('application/x-protobuf or application/json') }]);
    });

    it.each(HTTP_CASES)('415 to another Content-Encoding: $signal over $name', async (given) => {
      for (const encoding of ['br', 'deflate', 'gzip, gzip']) {
        const answer = await send(given, given.encode(given.encoding, 'x', [1]), { headers: { 'content-encoding': encoding } });
        expect(answer).toMatchObject({ status: 415, failure: { code: 3, message: expect.stringContaining('send gzip or none') } });
      }
    });
  });

  describe('rule 2: the answer has the encoding of the request; 200 with an Export…ServiceResponse, zero bytes or {}; partial_success unset when all was taken; an empty request succeeds', () => {
    it.each(CASES)('$signal over $name: an empty request', async (given) => {
      for (const body of given.empty(given.encoding)) expectTaken(given, await send(given, body));
    });
  });

  describe('rule 3: some bad: 200 with partial success, how many (a decimal string in JSON) and why; the good ones are kept; never reject a batch for one', () => {
    it.each(CASES)('$signal over $name', async (given) => {
      const test = nextTest();
      const answer = await send(given, given.encode(given.encoding, test, [1, 0, 2, 0, 3]));
      expect(answer).toMatchObject({ status: given.name === 'gRPC' ? 'OK' : 200, partialSuccess: { rejected: 2, errorMessage: `2 of 5 ${given.noun} were not taken; the first: ${given.why}` } });
      expect(await stored(given, test)).toEqual([1, 2, 3]);
    });

    it.each(CASES)('$signal over $name: also when all are bad', async (given) => {
      const answer = await send(given, given.encode(given.encoding, nextTest(), [0, 0]));
      expect(answer).toMatchObject({ status: given.name === 'gRPC' ? 'OK' : 200, partialSuccess: { rejected: 2, errorMessage: expect.stringContaining('2 of 2') } });
    });
  });

  describe('rule 4: errors carry google.rpc.Status in the encoding of the request', () => {
    it.each(CASES)('undecodable: 400, INVALID_ARGUMENT: $signal over $name', async (given) => {
      const whole = given.encode(given.encoding, 'x', [1]);
      for (const body of [Buffer.from('{"resource'), whole.subarray(0, -1)]) expectFailure(given, await send(given, body), 'INVALID_ARGUMENT', 'The body is not a valid OTLP request');
    });

    it.each(HTTP_CASES)('no gzip, or half of it: 400: $signal over $name', async (given) => {
      const body = given.encode(given.encoding, 'x', [1]);
      expectFailure(given, await send(given, body, { headers: { 'content-encoding': 'gzip' } }), 'INVALID_ARGUMENT', 'not valid gzip');
    });

    // 13 is INTERNAL, 12 UNIMPLEMENTED, both from grpc-js before a request is ours; neither is among the codes that OTLP clients send again on.
    it.each([['gzip', 13], ['br', 12]])('no gzip, or what is no %s: %i over gRPC, which no client sends again on', async (encoding, status) => {
      const headers = { authorization: `Bearer ${key}`, 'grpc-encoding': encoding };
      expect(await callRaw(receivers.grpcAddress, '/opentelemetry.proto.collector.trace.v1.TraceService/Export', headers, frameOf(Buffer.from('no gzip'), true))).toMatchObject({ status });
    });

    it.each(CASES)('no key, an unknown one: 401, UNAUTHENTICATED; one that may only read: 403, PERMISSION_DENIED: $signal over $name', async (given) => {
      const body = given.encode(given.encoding, 'x', [1]);
      expectFailure(given, await send(given, body, { key: '' }), 'UNAUTHENTICATED', 'An API key is needed');
      expectFailure(given, await send(given, body, { key: ApiKeys.newSecret() }), 'UNAUTHENTICATED', 'not known or was revoked');
      expectFailure(given, await send(given, body, { key: readKey }), 'PERMISSION_DENIED', '"ingest" is needed');
    });

    it.each(CASES)('the spool is full because ClickHouse is away: 503 with Retry-After, UNAVAILABLE with RetryInfo: $signal over $name', async (given) => {
      const away = openClickHouseServer('http://127.0.0.1:1');
      closing.push(() => away.close());
      const to = await others({ clickhouse: away, config: { SPOOL_BYTES_MAX: 20_000, SPOOL_SEGMENT_AGE_MS: 3_600_000 } });
      const answers: OtlpAnswer[] = [];
      while (answers.length < 100 && answers.at(-1)?.failure === undefined) answers.push(await send(given, given.encode(given.encoding, 'x', [answers.length + 1]), {}, to));
      expect(answers.length).toBeGreaterThan(2);
      for (const answer of answers.slice(0, -1)) expectTaken(given, answer);
      expectFailure(given, answers.at(-1) as OtlpAnswer, 'UNAVAILABLE', 'send again in 5 s', 5);
    });

    it.each(CASES)('never 500: what nobody foresaw is 503, UNAVAILABLE, and may be sent again: $signal over $name', async (given) => {
      const failing = { authenticate: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.3.4:5432')) } as unknown as ApiKeys;
      const broken = { senderOf: async () => ({}), accept: () => Promise.reject(new TypeError('a fault of ours')), figures: () => ({}) } as unknown as OtlpIntake;
      const body = given.encode(given.encoding, 'x', [1]);
      for (const settings of [{ keys: failing }, { intake: broken }]) {
        const answer = await send(given, body, {}, await others(settings));
        expectFailure(given, answer, 'UNAVAILABLE', 'The request could not be stored: send again', 5);
        // What happened inside is nobody's business but ours.
        expect(answer.failure?.message).not.toMatch(/ECONNREFUSED|fault/);
      }
    });
  });

  describe('rule 5: a size limit, also after decompression: 413, RESOURCE_EXHAUSTED', () => {
    it.each(HTTP_CASES)('as it was sent: $signal over $name', async (given) => {
      for (const times of [1, 40]) expectFailure(given, await send(given, Buffer.alloc(LIMITS.INGEST_BODY_BYTES_MAX * times + 1, 0x20)), 'TOO_LARGE', `larger than ${LIMITS.INGEST_BODY_BYTES_MAX} bytes as sent`);
    });

    it.each(CASES)('after decompression, where what just fits is taken: $signal over $name', async (given) => {
      const max = LIMITS.INGEST_DECOMPRESSED_BYTES_MAX;
      // Blanks behind a JSON document; in protobuf a field that nobody knows, with a tag of one byte and a length of three.
      const padded = (bytes: number) => {
        if (given.encoding === 'json') return Buffer.concat([Buffer.from('{}'), Buffer.alloc(bytes - 2, 0x20)]);
        const length = bytes - 4;
        return Buffer.concat([Buffer.from([0x7a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]), Buffer.alloc(length)]);
      };
      expectTaken(given, await send(given, padded(max), { isGzip: true }));
      expectFailure(given, await send(given, padded(max + 1), { isGzip: true }), 'TOO_LARGE', given.name === 'gRPC' ? `larger than ${max}` : `larger than ${max} bytes after decompression`);
    });

    it.each(GRPC_CASES)('what is larger without compression: $signal over $name', async (given) => {
      const answer = await send(given, Buffer.alloc(LIMITS.INGEST_DECOMPRESSED_BYTES_MAX + 1));
      expect(answer).toMatchObject({ status: 'RESOURCE_EXHAUSTED', retryAfterSeconds: undefined });
    });

    describe('a gzip bomb costs nothing', () => {
      const member = gzipSync(Buffer.alloc(64 * KIB * KIB));
      const broken = Buffer.from(member);
      broken.writeUInt32LE(~member.readUInt32LE(member.length - 8) >>> 0, member.length - 8);
      // Members that stand one behind the other are one stream (RFC 1952, 2.2): a gigabyte of zeros in a megabyte. The checksum behind the
      // first 64 MiB is wrong, so that whoever decompresses on after the limit of 8 MiB has another complaint than the size.
      const bomb = Buffer.concat([broken, ...Array.from({ length: 15 }, () => member)]);
      let to: OtlpReceivers;
      beforeAll(async () => {
        expect(gunzipSync(Buffer.concat([gzipSync('a'), gzipSync('b')])).toString()).toBe('ab');
        expect(() => gunzipSync(bomb)).toThrow('incorrect data check');
        to = await openReceivers(stores, { config: { DATA_DIR: `${stores.config.DATA_DIR}/bomb`, INGEST_BODY_BYTES_MAX: 16 * KIB * KIB, INGEST_DECOMPRESSED_BYTES_MAX: 8 * KIB * KIB } });
      });
      afterAll(() => to.close());
      const expectCheap = async (work: () => Promise<unknown>) => {
        const before = process.memoryUsage.rss();
        await work();
        expect(process.memoryUsage.rss() - before).toBeLessThan(200 * KIB * KIB);
      };

      it.each(HTTP_CASES)('413: $signal over $name', async (given) => {
        await expectCheap(async () => expectFailure(given, await send(given, bomb, { headers: { 'content-encoding': 'gzip' } }, to), 'TOO_LARGE', 'after decompression'));
      });

      it.each([['trace.v1.TraceService'], ['logs.v1.LogsService']])('RESOURCE_EXHAUSTED: %s', async (service) => {
        const headers = { authorization: `Bearer ${key}`, 'grpc-encoding': 'gzip' };
        await expectCheap(async () => {
          expect(await callRaw(to.grpcAddress, `/opentelemetry.proto.collector.${service}/Export`, headers, frameOf(bomb, true))).toEqual({ status: 8, message: expect.stringContaining(`larger than ${8 * KIB * KIB}`) });
        });
      });
    });

    it.each(CASES)('and the next request is served: $signal over $name', async (given) => {
      await send(given, Buffer.alloc(LIMITS.INGEST_DECOMPRESSED_BYTES_MAX * 2));
      expectTaken(given, await send(given, given.encode(given.encoding, nextTest(), [1])));
    });
  });

  describe('rule 7: an id of 16 bytes and one of 8 that are not zero; duplicates are normal and the business of the receiver', () => {
    const IDS: OtlpSpan[] = [
      { traceId: '' }, { traceId: 'ab'.repeat(15) }, { traceId: 'ab'.repeat(17) }, { traceId: '00'.repeat(16) },
      { spanId: '' }, { spanId: 'ab'.repeat(7) }, { spanId: 'ab'.repeat(9) }, { spanId: '00'.repeat(8) },
    ];
    it.each(CASES.filter(({ signal }) => signal === 'traces'))('leaves out a span with another id, and no other span: $name', async (given) => {
      for (const change of IDS) {
        const test = nextTest();
        const spans = [{ spanId: spanIdOf(1) }, { spanId: spanIdOf(2), ...change }, { spanId: spanIdOf(3) }].map((ids) => ({ traceId: TRACE_ID, startTimeUnixNano: '1764000000000000001', attributes: attributesOf({ test }), ...ids }));
        const answer = await send(given, (given.encoding === 'json' ? jsonOf : protobufOf)(requestOf(spans)));
        expect(answer.partialSuccess).toEqual({ rejected: 1, errorMessage: expect.stringMatching(/(trace_id must be 16|span_id must be 8) bytes that are not all zero$/) });
        expect([change, await stored(given, test)]).toEqual([change, [1, 3]]);
      }
    });

    it.each(CASES)('takes the same request three times, and counts it once: $signal over $name', async (given) => {
      const test = nextTest();
      const body = given.encode(given.encoding, test, [1, 2]);
      for (let time = 0; time < 3; time++) expectTaken(given, await send(given, body));
      await receivers.intake.drain();
      const view = given.signal === 'traces' ? 'v_spans' : 'v_signals';
      expect(await stores.clickhouse.rows({ query: `SELECT count() AS n FROM ${view} WHERE attributes['test'] = {test: String}`, query_params: { test } })).toEqual([{ n: '2' }]);
    });
  });

  describe('rule 8: acknowledge after the data is durable, not before', () => {
    it.each(CASES)('answers nothing while the disk does not say that it has it: $signal over $name', async (given) => {
      const held = await HeldSync.start();
      closing.push(() => held.release());
      const test = nextTest();
      let isAnswered = false;
      const answering = send(given, given.encode(given.encoding, test, [1])).finally(() => (isAnswered = true));
      await held.called();
      // Requests that need no disk are sent after it and answered before it.
      for (let time = 0; time < 3; time++) expectFailure(given, await send(given, given.encode(given.encoding, test, [1]), { key: '' }), 'UNAUTHENTICATED', 'needed');
      expect(isAnswered).toBe(false);
      held.release();
      expectTaken(given, await answering);
      expect(await stored(given, test)).toEqual([1]);
    });

    it.each(CASES)('asks to send again what the disk did not take, and keeps nothing of it: $signal over $name', async (given) => {
      const test = nextTest();
      const held = await HeldSync.start({ failure: new Error('EIO: i/o error, fdatasync') });
      closing.push(() => held.release());
      expectFailure(given, await send(given, given.encode(given.encoding, test, [1])), 'UNAVAILABLE', 'The spool cannot be written (EIO: i/o error, fdatasync): send again', 5);
      held.release();
      expect(await stored(given, test)).toEqual([]);
      expectTaken(given, await send(given, given.encode(given.encoding, test, [1])));
      expect(await stored(given, test)).toEqual([1]);
    });
  });

  describe('metrics are not taken, and are told what to do', () => {
    it.each(CASES.filter(({ signal }) => signal === 'traces'))('404, UNIMPLEMENTED: $name', async (given) => {
      const answer = await given.send(receivers, 'metrics', Buffer.alloc(0), { key });
      expectFailure(given, answer, 'UNIMPLEMENTED', 'Send traces to /v1/traces and signals to /v1/logs, and set OTEL_METRICS_EXPORTER=none');
    });
  });
});
