import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { ApiKeys, ManualClock, SystemClock } from '#platform';
import { attributesOf, protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { callRaw, frameOf, hangUp } from '../support/grpc-frames.js';
import { HeldSync } from '../support/held-sync.js';
import { openReceivers, type ReceiverSettings } from '../support/otlp-receivers.js';
import { SENDERS, type OtlpAnswer, type OtlpSender } from '../support/otlp-senders.js';
import { SIGNALS, TRACE_ID, spanIdOf } from '../support/otlp-signals.js';
import { eventually } from '../support/service-process.js';
import { openTestStores, type TestStores } from '../support/test-stores.js';

/* What our receiver does beyond OTLP: keys, their limits, what spans it takes, and the spool. What OTLP asks for is in otlp-conformance.spec.ts. */

const KIB = 1024;
const [TRACES, LOGS] = SIGNALS;

describe('the receiver', () => {
  let stores: TestStores;
  let keys: ApiKeys;
  let closing: (() => Promise<unknown> | void)[] = [];
  let number = 0;

  beforeAll(async () => {
    stores = await openTestStores();
    keys = new ApiKeys(stores.postgres, new SystemClock());
  });
  afterAll(() => stores.close());
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    closing = [];
  });

  const open = async (settings: ReceiverSettings = {}) => {
    const receivers = await openReceivers(stores, { ...settings, config: { DATA_DIR: `${stores.config.DATA_DIR}/${++number}`, ...settings.config } });
    closing.push(() => receivers.close());
    return receivers;
  };
  const newKey = async (organizationId = 'acme') => {
    const key = ApiKeys.newSecret();
    await keys.ensure(organizationId, 'agents', key, ['ingest']);
    return key;
  };
  const tracesOf = (sender: OtlpSender, test: string, ids: number[] = [1]) => TRACES?.encode(sender.encoding, test, ids) ?? Buffer.alloc(0);
  const nextTest = () => `ingest-${++number}`;
  const codeOf = ({ status, failure, retryAfterSeconds }: OtlpAnswer) => ({ status, code: failure?.code, message: failure?.message, retryAfterSeconds });

  describe.each(SENDERS)('keys, over $name', (sender) => {
    it('may stand in X-API-Key, and stop working when they are revoked', async () => {
      const receivers = await open({ keys });
      await newKey();
      const { id, secret } = await keys.create('acme', 'agents', ['ingest']);
      const send = () => sender.send(receivers, 'traces', tracesOf(sender, 'x'), { headers: { 'x-api-key': secret } });
      expect((await send()).failure).toBeUndefined();
      await keys.revoke('acme', id);
      expect((await send()).failure).toEqual({ code: 16, message: expect.stringContaining('was revoked') });
    });
  });

  describe.each(SENDERS)('what one key may send, over $name', (sender) => {
    const LIMITED = sender.name === 'gRPC' ? 'RESOURCE_EXHAUSTED' : 429;
    // So many bytes of nothing: blanks, or a field that nobody knows (number 15, whose length takes two or three bytes).
    const emptyOf = (bytes: number) => {
      if (sender.encoding === 'json') return Buffer.from('{}'.padEnd(bytes));
      const lengthBytes = bytes - 3 < 0x4000 ? 2 : 3;
      const length = Array.from({ length: lengthBytes }, (_, n) => (((bytes - 1 - lengthBytes) >> (7 * n)) & 0x7f) | (n < lengthBytes - 1 ? 0x80 : 0));
      return Buffer.concat([Buffer.from([0x7a, ...length]), Buffer.alloc(bytes - 1 - lengthBytes)]);
    };

    it('is a number of bytes a second: above it, when to come back; another key is not held up', async () => {
      const clock = new ManualClock('2026-11-01T00:00:00Z');
      const receivers = await open({ clock, config: { INGEST_KEY_BYTES_PER_SECOND_MAX: 1000 } });
      const [loud, quiet] = [await newKey(), await newKey()];
      const send = (key: string, body = tracesOf(sender, 'x')) => sender.send(receivers, 'traces', body, { key });
      // Of which four seconds' worth were there.
      const body = emptyOf(9000);
      expect((await send(loud, body)).failure).toBeUndefined();
      expect(codeOf(await send(loud))).toEqual({ status: LIMITED, code: 8, message: expect.stringContaining('INGEST_KEY_BYTES_PER_SECOND_MAX): send again in 5 s'), retryAfterSeconds: 5 });
      expect((await send(quiet)).failure).toBeUndefined();
      clock.advance(5001);
      expect((await send(loud)).failure).toBeUndefined();
    });

    it('counts bytes as they are after decompression', async () => {
      const receivers = await open({ clock: new ManualClock('2026-11-01T00:00:00Z'), config: { INGEST_KEY_BYTES_PER_SECOND_MAX: 1000 } });
      const key = await newKey();
      const body = emptyOf(9000);
      expect((await sender.send(receivers, 'traces', body, { key, isGzip: true })).failure).toBeUndefined();
      expect((await sender.send(receivers, 'traces', body, { key, isGzip: true })).retryAfterSeconds).toBe(5);
    });

    it('is a number of requests under way: above it, to come back; another key is not held up', async () => {
      const held = await HeldSync.start();
      closing.push(() => held.release());
      const receivers = await open({ config: { INGEST_KEY_REQUESTS_MAX: 2 } });
      const [loud, quiet] = [await newKey(), await newKey()];
      const send = (key: string, n: number) => sender.send(receivers, 'traces', tracesOf(sender, 'x', [n]), { key });
      const first = send(loud, 1);
      await held.called();
      // One more may be under way, whichever comes first, and none of the others.
      const refused: OtlpAnswer[] = [];
      const others = [2, 3, 4, 5, 6].map((n) => send(loud, n));
      await new Promise<void>((done) => others.forEach((other) => void other.then((answer) => refused.push(answer) === 4 && done())));
      const busy = { status: LIMITED, code: 8, message: expect.stringContaining('2 requests under way (limit: INGEST_KEY_REQUESTS_MAX): send again in 1 s'), retryAfterSeconds: 1 };
      expect(refused.map(codeOf)).toEqual([busy, busy, busy, busy]);
      const other = send(quiet, 1);
      held.release();
      const all = await Promise.all([first, other, ...others]);
      expect(all.filter(({ failure }) => failure === undefined)).toHaveLength(3);
      expect((await send(loud, 7)).failure).toBeUndefined();
    });

    it('is held in memory only as far as it leaves room for others, until it is on disk', async () => {
      const held = await HeldSync.start();
      closing.push(() => held.release());
      const receivers = await open({ config: { INGEST_HELD_BYTES_MAX: 300_000 } });
      const [loud, quiet] = [await newKey(), await newKey()];
      const send = (key: string, body: Buffer) => sender.send(receivers, 'traces', body, { key });
      const spans = tracesOf(sender, 'x');
      const first = send(loud, sender.encoding === 'json' ? Buffer.concat([spans, Buffer.alloc(130_000 - spans.length, ' ')]) : Buffer.concat([spans, emptyOf(130_000 - spans.length)]));
      await held.called();
      const busy = { status: LIMITED, code: 8, message: expect.stringMatching(/1\d{5} bytes under way, and no more room for others \(limit: INGEST_HELD_BYTES_MAX\): send again in 1 s/), retryAfterSeconds: 1 };
      expect(codeOf(await send(loud, emptyOf(41_000)))).toEqual(busy);
      expect((await send(loud, emptyOf(5000))).failure).toBeUndefined();
      // Nothing to store is answered without the disk. Another finds what the first one left, and no more than there is.
      expect((await send(quiet, emptyOf(80_000))).failure).toBeUndefined();
      const full = { status: sender.name === 'gRPC' ? 'UNAVAILABLE' : 503, code: 14, message: expect.stringContaining('leave no room for this one'), retryAfterSeconds: 1 };
      expect([full, { ...busy, message: expect.stringContaining('no more room for others') }]).toContainEqual(codeOf(await send(quiet, emptyOf(171_000))));
      held.release();
      expect((await first).failure).toBeUndefined();
      expect((await send(loud, emptyOf(100_000))).failure).toBeUndefined();
    });
  });

  it('refuses a stranger and a busy key before their messages have come, over gRPC', async () => {
    const held = await HeldSync.start();
    closing.push(() => held.release());
    const { grpcAddress } = await open({ config: { INGEST_KEY_REQUESTS_MAX: 1 } });
    const key = await newKey();
    const start = frameOf(Buffer.alloc(KIB), false).subarray(0, 100);
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const call = (secret: string) => callRaw(grpcAddress, path, { authorization: `Bearer ${secret}` }, start, false);
    expect(await call(ApiKeys.newSecret())).toMatchObject({ status: 16 });
    const grpc = SENDERS.find(({ name }) => name === 'gRPC') as OtlpSender;
    const first = grpc.send({ grpcAddress, url: '' }, 'traces', tracesOf(grpc, 'x'), { key });
    await held.called();
    expect(await call(key)).toEqual({ status: 8, message: expect.stringContaining('1 requests under way') });
    held.release();
    expect((await first).failure).toBeUndefined();
    // Who hangs up before the message has come is under way no more, as soon as the receiver sees that the connection is gone.
    await hangUp(grpcAddress, path, { authorization: `Bearer ${key}` }, start);
    await eventually(() => grpc.send({ grpcAddress, url: '' }, 'traces', tracesOf(grpc, 'x'), { key }), ({ failure }) => failure === undefined);
  });

  it.each(SENDERS)('leaves out spans of another time, and says which and what to look at, over $name', async (sender) => {
    const receivers = await open({ clock: new ManualClock('2026-11-01T00:00:00Z'), config: { INGEST_SPAN_AGE_DAYS_MAX: 30, INGEST_SPAN_AHEAD_MS_MAX: 60_000 } });
    const key = await newKey();
    const test = nextTest();
    const send = (startsAt: string[]) => {
      const spans = startsAt.map((time, n) => ({ traceId: TRACE_ID, spanId: spanIdOf(n + 1), startTimeUnixNano: `${Date.parse(time)}000000`, attributes: attributesOf({ test }) }));
      return sender.send(receivers, 'traces', sender.encoding === 'json' ? Buffer.from(JSON.stringify(requestOf(spans))) : protobufOf(requestOf(spans)), { key });
    };
    expect((await send(['2026-10-15T00:00:00Z', '2026-09-01T00:00:00Z'])).partialSuccess).toEqual({ rejected: 1, errorMessage: expect.stringContaining('1 of 2 spans were not taken; the first: it started before 2026-10-02T00:00:00.000Z') });
    expect((await send(['2026-11-01T00:02:00Z', '2026-11-01T00:00:30Z'])).partialSuccess).toEqual({ rejected: 1, errorMessage: expect.stringContaining("check the sender's clock") });
    await receivers.intake.drain();
    expect(await TRACES?.stored(stores, test)).toEqual([1, 2]);
  });

  it.each(['application/x-protobuf', 'application/json'])('answers 413 to a body that is larger than the limit, though it does not say how large it is: %s', async (type) => {
    const receivers = await open({ config: { INGEST_BODY_BYTES_MAX: 256 * KIB } });
    const key = await newKey();
    const postChunked = (body: Buffer) =>
      new Promise<[number | undefined, string | undefined]>((done, fail) => {
        const outgoing = httpRequest(`${receivers.url}/v1/traces`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': type } }, (response) => {
          response.resume().on('error', fail);
          response.on('end', () => done([response.statusCode, response.headers['content-type']]));
        });
        outgoing.on('error', fail);
        for (let at = 0; at < body.length; at += 64 * KIB) outgoing.write(body.subarray(at, at + 64 * KIB));
        outgoing.end();
      });
    for (const times of [1, 40]) expect(await postChunked(Buffer.alloc(256 * KIB * times + 1, 0x20))).toEqual([413, type]);
  });

  it('answers 413 to a body that says that it is larger, before any of it has come', async () => {
    const receivers = await open({ config: { INGEST_BODY_BYTES_MAX: 256 * KIB } });
    const headers = { authorization: `Bearer ${await newKey()}`, 'content-type': 'application/json', 'content-length': String(256 * KIB + 1) };
    const status = await new Promise((done, fail) => {
      const outgoing = httpRequest(`${receivers.url}/v1/traces`, { method: 'POST', headers }, (response) => {
        done(response.statusCode);
        outgoing.destroy();
      });
      outgoing.on('error', fail);
      outgoing.flushHeaders();
    });
    expect(status).toBe(413);
  });

  it.each(SENDERS.flatMap((sender) => [TRACES, LOGS].flatMap((given) => (given ? [{ ...sender, ...given }] : []))))('loses nothing of $signal that it took, and keeps nothing that it refused, while the spool is full, over $name', async (given) => {
    const receivers = await open({ config: { SPOOL_BYTES_MAX: 20_000, SPOOL_SEGMENT_AGE_MS: 3_600_000 } });
    const key = await newKey();
    const test = nextTest();
    const send = (n: number) => given.send(receivers, given.signal, given.encode(given.encoding, test, [n]), { key });
    const taken: number[] = [];
    let refused = 0;
    for (let n = 1; refused < 3 && n < 200; n++) {
      const { failure } = await send(n);
      if (failure) refused++;
      else taken.push(n);
    }
    expect([refused, taken.length > 2]).toEqual([3, true]);
    await receivers.intake.drain();
    expect(await given.stored(stores, test)).toEqual(taken);
    expect((await send(taken.length + 1)).failure).toBeUndefined();
  });

  it('serves the next request after any refusal, on the same connection or another', async () => {
    const receivers = await open({ config: { INGEST_BODY_BYTES_MAX: 64 * KIB } });
    const key = await newKey();
    const [json] = SENDERS.filter(({ name }) => name === 'HTTP JSON');
    const send = (body: Buffer) => (json as OtlpSender).send(receivers, 'traces', body, { key });
    for (const body of [Buffer.alloc(200 * KIB, 0x20), Buffer.from('{')]) expect((await send(body)).failure).toBeDefined();
    expect((await send(tracesOf(json as OtlpSender, 'x'))).failure).toBeUndefined();
  });
});
