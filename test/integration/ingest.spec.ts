import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { trace } from '@opentelemetry/api';
import { fastify, type FastifyInstance } from 'fastify';
import { PbfReader } from 'pbf';
import { ApiKeys, ManualClock, SystemClock, createLogger } from '#platform';
import { OtlpIntake, type OtlpEncoding } from '#traces';
import { registerHttpReceiver } from '../../apps/ingest/src/http-receiver.js';
import { OtlpReceiver } from '../../apps/ingest/src/receive.js';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpRequest } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN } from '../../libs/traces/src/testing/transcode-request.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

const KIB = 1024;
const BODY_MAX = 256 * KIB;
const DECOMPRESSED_MAX = 1024 * KIB;
const logger = createLogger('silent', 'test');

const ENCODINGS: { encoding: OtlpEncoding; type: string; encode: (request: OtlpRequest) => Buffer }[] = [
  { encoding: 'protobuf', type: 'application/x-protobuf', encode: protobufOf },
  { encoding: 'json', type: 'application/json', encode: jsonOf },
];

interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/** google.rpc.Status, read without the code that wrote it. */
function statusIn({ headers, body }: Answer): { code: number; message: string } {
  if (headers.get('content-type') === 'application/json') return JSON.parse(body.toString()) as { code: number; message: string };
  const status = { code: 0, message: '' };
  new PbfReader(body).readFields((field, target, pbf) => {
    if (field === 1) target.code = pbf.readVarint();
    if (field === 2) target.message = pbf.readString();
  }, status);
  return status;
}

/** ExportTraceServiceResponse.partial_success. */
function partialSuccessIn({ headers, body }: Answer): { rejectedSpans: number; errorMessage: string } | undefined {
  if (headers.get('content-type') === 'application/json') {
    const partial = (JSON.parse(body.toString()) as { partialSuccess?: { rejectedSpans: string; errorMessage: string } }).partialSuccess;
    expect(typeof (partial?.rejectedSpans ?? '')).toBe('string');
    return partial && { ...partial, rejectedSpans: Number(partial.rejectedSpans) };
  }
  if (body.length === 0) return undefined;
  const partial = { rejectedSpans: 0, errorMessage: '' };
  new PbfReader(body).readFields((field, target, pbf) => {
    if (field !== 1) return;
    pbf.readMessage((inner, into, message) => {
      if (inner === 1) into.rejectedSpans = message.readVarint();
      if (inner === 2) into.errorMessage = message.readString();
    }, target);
  }, partial);
  return partial;
}

describe('OTLP over HTTP', () => {
  let stores: TestStores;
  let keys: ApiKeys;
  const ingestKey = ApiKeys.newSecret();
  const readKey = ApiKeys.newSecret();

  beforeAll(async () => {
    stores = await openTestStores({ INGEST_BODY_BYTES_MAX: String(BODY_MAX), INGEST_DECOMPRESSED_BYTES_MAX: String(DECOMPRESSED_MAX) });
    keys = new ApiKeys(stores.postgres, new SystemClock());
    await keys.ensure('acme', 'agents', ingestKey, ['ingest']);
    await keys.ensure('acme', 'reader', readKey, ['read']);
  });
  afterAll(() => stores.close());

  const serve = async (intake: OtlpIntake) => {
    const server = fastify();
    await registerHttpReceiver(server, new OtlpReceiver({ intake, keys, clock: new SystemClock(), config: stores.config, logger }));
    await server.listen({ host: '127.0.0.1', port: 0 });
    return { server, url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
  };
  const openIntake = (settings: Partial<TestStores['config']> = {}) => OtlpIntake.open({ ...stores, config: { ...stores.config, ...settings }, clock: new ManualClock('2026-11-01T00:00:00Z'), logger });

  const spansOf = async (attribute: string) => {
    const rows = await stores.clickhouse.rows<{ id: string }>({
      query: "SELECT lower(hex(span_id)) AS id FROM spans WHERE organization_id = 'acme' AND attributes['test'] = {attribute: String} ORDER BY id",
      query_params: { attribute },
    });
    return rows.map(({ id }) => id);
  };
  const spanIdOf = (n: number) => n.toString(16).padStart(16, '0');
  let testNumber = 0;
  const nextTest = () => `test-${++testNumber}`;
  const goodRequest = (test: string, count = 2, first = 1) =>
    requestOf(Array.from({ length: count }, (_, index) => ({ ...BASE_SPAN, spanId: spanIdOf(first + index), attributes: attributesOf({ test }) })));

  describe('by the book', () => {
    let intake: OtlpIntake;
    let server: FastifyInstance;
    let url: string;

    beforeAll(async () => {
      intake = await openIntake();
      ({ server, url } = await serve(intake));
    });
    afterAll(async () => {
      await server.close();
      await intake.close();
    });

    const post = async (headers: Record<string, string>, body: Uint8Array, path = '/v1/traces'): Promise<Answer> => {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${ingestKey}`, ...headers }, body: body as BodyInit });
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    };
    const expectFailure = (answer: Answer, expected: { status: number; type: string; code: number; message: string }) => {
      expect(answer.status).toBe(expected.status);
      expect(answer.headers.get('content-type')).toBe(expected.type);
      expect(statusIn(answer)).toEqual({ code: expected.code, message: expect.stringContaining(expected.message) });
      expect(answer.headers.get('retry-after')).toBe(expected.status === 503 ? '5' : null);
    };

    describe.each(ENCODINGS)('in $encoding', ({ encoding, type, encode }) => {
      it('answers 200 and nothing else to say when all was taken, and the spans can be read', async () => {
        const test = nextTest();
        const answer = await post({ 'content-type': type }, encode(goodRequest(test)));
        expect([answer.status, answer.headers.get('content-type'), answer.body.toString()]).toEqual([200, type, encoding === 'json' ? '{}' : '']);
        await intake.drain();
        expect(await spansOf(test)).toEqual([spanIdOf(1), spanIdOf(2)]);
      });

      it('takes gzip, and parameters and any case in Content-Type', async () => {
        const test = nextTest();
        expect((await post({ 'content-type': `${type.toUpperCase()}; charset=utf-8`, 'content-encoding': 'GZIP' }, gzipSync(encode(goodRequest(test))))).status).toBe(200);
        expect((await post({ 'content-type': type, 'content-encoding': 'identity' }, encode(goodRequest(test, 1, 9)))).status).toBe(200);
        await intake.drain();
        expect(await spansOf(test)).toEqual([spanIdOf(1), spanIdOf(2), spanIdOf(9)]);
      });

      it('answers 200 to an empty request', async () => {
        for (const request of [{}, { resourceSpans: [] }, requestOf([])]) {
          const answer = await post({ 'content-type': type }, encode(request));
          expect([answer.status, partialSuccessIn(answer)]).toEqual([200, undefined]);
        }
      });

      it('takes the good spans of a request, and tells how many were not taken and why', async () => {
        const test = nextTest();
        const request = requestOf([
          { ...BASE_SPAN, spanId: spanIdOf(1), attributes: attributesOf({ test }) },
          { ...BASE_SPAN, spanId: '', attributes: attributesOf({ test }) },
          { ...BASE_SPAN, traceId: '00'.repeat(16), attributes: attributesOf({ test }) },
          { ...BASE_SPAN, spanId: spanIdOf(2), attributes: attributesOf({ test }) },
        ]);
        const answer = await post({ 'content-type': type }, encode(request));
        expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
        expect(partialSuccessIn(answer)).toEqual({ rejectedSpans: 2, errorMessage: '2 of 4 spans were not taken; the first: span_id must be 8 bytes that are not all zero' });
        await intake.drain();
        expect(await spansOf(test)).toEqual([spanIdOf(1), spanIdOf(2)]);
      });

      it('answers 400 to what cannot be decoded', async () => {
        expectFailure(await post({ 'content-type': type }, Buffer.from('{"resourceSpans":')), { status: 400, type, code: 3, message: 'The body is not a valid OTLP request' });
        expectFailure(await post({ 'content-type': type, 'content-encoding': 'gzip' }, encode(goodRequest('x'))), { status: 400, type, code: 3, message: 'not valid gzip' });
        expectFailure(await post({ 'content-type': type, 'content-encoding': 'gzip' }, gzipSync(encode(goodRequest('x'))).subarray(0, -9)), { status: 400, type, code: 3, message: 'not valid gzip' });
      });

      it('answers 401 without a key and with an unknown one, 403 with one that may only read', async () => {
        const body = encode(goodRequest('x'));
        expectFailure(await post({ 'content-type': type, authorization: '' }, body), { status: 401, type, code: 16, message: 'An API key is needed' });
        expectFailure(await post({ 'content-type': type, authorization: `Bearer ${ApiKeys.newSecret()}` }, body), { status: 401, type, code: 16, message: 'not known or was revoked' });
        expectFailure(await post({ 'content-type': type, authorization: `Bearer ${readKey}` }, body), { status: 403, type, code: 7, message: '"ingest" is needed' });
      });

      it('answers 413 to a body that is larger than the limit as sent, with and without a length', async () => {
        for (const times of [1, 40]) {
          const body = Buffer.alloc(BODY_MAX * times + 1, 0x20);
          const expected = { status: 413, type, code: 8, message: `larger than ${BODY_MAX} bytes as sent` };
          expectFailure(await post({ 'content-type': type }, body), expected);
          expectFailure(await postChunked(type, body), expected);
        }
      });

      it('answers 413 to a body that is larger than the limit after decompression, and takes one that just fits', async () => {
        const limit = { status: 413, type, code: 8, message: `larger than ${DECOMPRESSED_MAX} bytes after decompression` };
        expectFailure(await post({ 'content-type': type, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(DECOMPRESSED_MAX + 1, 0x20))), limit);
        const padded = Buffer.concat([Buffer.from('{}'), Buffer.alloc(DECOMPRESSED_MAX - 2, 0x20)]);
        const fits = await post({ 'content-type': 'application/json', 'content-encoding': 'gzip' }, gzipSync(padded));
        expect(fits.status).toBe(200);
      });

      it('answers 415 to an encoding of the body that it does not know', async () => {
        expectFailure(await post({ 'content-type': type, 'content-encoding': 'br' }, encode(goodRequest('x'))), { status: 415, type, code: 3, message: 'send gzip or none' });
      });

      it('answers 404 for metrics, and says what to send instead', async () => {
        expectFailure(await post({ 'content-type': type }, Buffer.alloc(0), '/v1/metrics'), { status: 404, type, code: 12, message: 'Send traces to /v1/traces and signals to /v1/logs' });
      });

      it('takes the same body twice as one', async () => {
        const test = nextTest();
        const body = encode(goodRequest(test));
        for (let time = 0; time < 2; time++) expect((await post({ 'content-type': type }, body)).status).toBe(200);
        await intake.drain();
        expect([...new Set(await spansOf(test))]).toEqual([spanIdOf(1), spanIdOf(2)]);
      });
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/grpc', 'garbage', ''])('answers 415 to Content-Type "%s", in JSON', async (type) => {
      expectFailure(await post({ 'content-type': type }, Buffer.from('{}')), { status: 415, type: 'application/json', code: 3, message: 'application/x-protobuf or application/json' });
    });

    it('refuses a gigabyte of zeros that was sent as a megabyte, in little memory and time', async () => {
      const zeros = Buffer.alloc(1024 * KIB);
      const bomb = await new Promise<Buffer>((done, fail) => {
        const gzip = createGzip({ level: 9 });
        const parts: Buffer[] = [];
        gzip.on('data', (part: Buffer) => parts.push(part)).on('end', () => done(Buffer.concat(parts))).on('error', fail);
        for (let mebibyte = 0; mebibyte < 1024; mebibyte++) gzip.write(zeros);
        gzip.end();
      });
      const roomy = { ...stores.config, INGEST_BODY_BYTES_MAX: 16 * 1024 * KIB, INGEST_DECOMPRESSED_BYTES_MAX: 64 * 1024 * KIB };
      const bombed = fastify();
      await registerHttpReceiver(bombed, new OtlpReceiver({ intake, keys, clock: new SystemClock(), config: roomy, logger }));
      await bombed.listen({ host: '127.0.0.1', port: 0 });
      const before = process.memoryUsage.rss();
      const startedAt = performance.now();
      const response = await fetch(`http://127.0.0.1:${(bombed.server.address() as AddressInfo).port}/v1/traces`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ingestKey}`, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        body: bomb as BodyInit,
      });
      const grownMib = (process.memoryUsage.rss() - before) / KIB / KIB;
      expect(bomb.length).toBeLessThan(2 * 1024 * KIB);
      expect(response.status).toBe(413);
      // 64 MiB are decompressed before the limit is met; a gigabyte would take seconds and show in the memory.
      expect(performance.now() - startedAt).toBeLessThan(2000);
      expect(grownMib).toBeLessThan(300);
      await bombed.close();
    });

    it('serves the next request after any refusal, on the same connection or another', async () => {
      const test = nextTest();
      await post({ 'content-type': 'application/json' }, Buffer.alloc(BODY_MAX * 3, 0x20));
      await post({ 'content-type': 'application/json' }, Buffer.from('{'));
      expect((await post({ 'content-type': 'application/json' }, jsonOf(goodRequest(test)))).status).toBe(200);
    });

    /** Without Content-Length: the size is known only while reading. */
    function postChunked(type: string, body: Buffer): Promise<Answer> {
      return new Promise((done, fail) => {
        const outgoing = httpRequest(`${url}/v1/traces`, { method: 'POST', headers: { authorization: `Bearer ${ingestKey}`, 'content-type': type } }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part)).on('error', fail);
          response.on('end', () => done({ status: response.statusCode ?? 0, headers: new Headers(response.headers as Record<string, string>), body: Buffer.concat(parts) }));
        });
        outgoing.on('error', fail);
        for (let at = 0; at < body.length; at += 64 * KIB) outgoing.write(body.subarray(at, at + 64 * KIB));
        outgoing.end();
      });
    }

    describe('from the OpenTelemetry SDK', () => {
      const saved = { ...process.env };
      afterEach(() => {
        process.env = { ...saved };
        trace.disable();
      });

      it.each([
        ['http/protobuf', 'none'],
        ['http/protobuf', 'gzip'],
        ['http/json', 'none'],
        ['http/json', 'gzip'],
      ])('takes what its exporter for %s sends with compression "%s"', async (protocol, compression) => {
        const test = nextTest();
        Object.assign(process.env, {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_COMPRESSION: compression,
          OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${ingestKey}`,
          OTEL_TRACES_EXPORTER: 'otlp',
          OTEL_METRICS_EXPORTER: 'none',
          OTEL_LOGS_EXPORTER: 'none',
          OTEL_SERVICE_NAME: 'sdk',
        });
        const sdk = new NodeSDK({ instrumentations: [] });
        sdk.start();
        const tracer = trace.getTracer('test');
        const span = tracer.startSpan('chat', { kind: 2, startTime: 1_764_000_000_000, attributes: { test, 'gen_ai.usage.input_tokens': 12, ratio: 0.25, list: ['a', 'b'], 'astrolabe.used': true } });
        span.addEvent('astrolabe.signal', { 'astrolabe.signal.name': 'saved' }, 1_764_000_000_500);
        span.setStatus({ code: 2, message: 'late' });
        span.end(1_764_000_001_250);
        const { spanId } = span.spanContext();
        await sdk.shutdown();
        await intake.drain();
        const rows = await stores.clickhouse.rows({
          query: `SELECT lower(hex(span_id)) AS id, name, kind, status, status_message, service, started_at, ended_at, tokens_input, is_used, attributes['ratio'] AS ratio, attributes['list'] AS list, events.name, events.attributes
                  FROM spans WHERE attributes['test'] = {test: String}`,
          query_params: { test },
        });
        expect(rows).toEqual([
          {
            id: spanId, name: 'chat', kind: 'client', status: 'error', status_message: 'late', service: 'sdk', started_at: '2025-11-24 16:00:00.000000000', ended_at: '2025-11-24 16:00:01.250000000', tokens_input: '12', is_used: 1,
            ratio: '0.25', list: '["a","b"]', 'events.name': ['astrolabe.signal'], 'events.attributes': [{ 'astrolabe.signal.name': 'saved' }],
          },
        ]);
      });
    });
  });

  describe('when spans cannot be kept', () => {
    let closing: (() => Promise<unknown>)[] = [];
    beforeEach(() => {
      closing = [];
    });
    afterEach(async () => {
      for (const close of closing) await close();
    });

    it.each(ENCODINGS)('answers 503 with Retry-After while the spool is full, in $encoding, and takes the same request later', async ({ encoding, type, encode }) => {
      const test = nextTest();
      const small = await openIntake({ DATA_DIR: `${stores.config.DATA_DIR}/full-${encoding}`, SPOOL_BYTES_MAX: 20_000, SPOOL_SEGMENT_AGE_MS: 3_600_000 });
      const { server, url } = await serve(small);
      closing = [() => server.close(), () => small.close()];
      const post = (body: Buffer) => fetch(`${url}/v1/traces`, { method: 'POST', headers: { authorization: `Bearer ${ingestKey}`, 'content-type': type }, body: body as BodyInit });
      const bodies = Array.from({ length: 20 }, (_, index) => encode(goodRequest(test, 1, index + 1)));
      const statuses: number[] = [];
      let full: Response | undefined;
      for (const body of bodies) {
        const response = await post(body);
        statuses.push(response.status);
        if (response.status === 503) full ??= response;
      }
      expect([statuses[0], statuses.at(-1), [...new Set(statuses)]]).toEqual([200, 503, [200, 503]]);
      expect([full?.headers.get('retry-after'), full?.headers.get('content-type')]).toEqual(['5', type]);
      const status = statusIn({ status: 503, headers: full?.headers ?? new Headers(), body: Buffer.from((await full?.arrayBuffer()) ?? new ArrayBuffer(0)) });
      expect(status).toEqual({ code: 14, message: expect.stringContaining('send again in 5 s') });
      // Nothing of what was refused was kept, and nothing of what was taken is lost.
      await small.drain();
      expect(await spansOf(test)).toHaveLength(statuses.filter((code) => code === 200).length);
      expect((await post(bodies.at(-1) as Buffer)).status).toBe(200);
    });

    it('answers 503, never 500, when the key cannot be looked up', async () => {
      const intake = await openIntake({ DATA_DIR: `${stores.config.DATA_DIR}/keys` });
      closing = [() => intake.close()];
      const server = fastify();
      const failing = { authenticate: () => Promise.reject(new Error('connect ECONNREFUSED')) } as unknown as ApiKeys;
      await registerHttpReceiver(server, new OtlpReceiver({ intake, keys: failing, clock: new SystemClock(), config: stores.config, logger }));
      closing = [() => server.close(), () => intake.close()];
      const response = await server.inject({ method: 'POST', url: '/v1/traces', headers: { 'content-type': 'application/json' }, payload: '{}' });
      expect([response.statusCode, response.headers['retry-after'], response.json()]).toEqual([503, '5', { code: 14, message: expect.stringContaining('send again') }]);
    });
  });
});
