import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { build } from '../support/build.js';
import { FuzzedBodies, type OtlpBody } from '../support/faults/fuzzed-bodies.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { OtlpSender, TRANSPORTS, type Answer } from '../support/faults/otlp-sender.js';
import { Random } from '../support/faults/random.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const REQUESTS = 4000;
const CLIENTS = 12;
const BODY_BYTES_MAX = 60_000;
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_103);
const INVALID_ARGUMENT = 3;

describe(`broken requests to a receiver, seed ${SEED}`, () => {
  const service = new ServiceProcess('ingest');
  const random = new Random(SEED);
  const bodies = new FuzzedBodies(SEED);

  beforeAll(async () => {
    build();
    await service.start({ INGEST_BODY_BYTES_MAX: String(BODY_BYTES_MAX), INGEST_DECOMPRESSED_BYTES_MAX: String(BODY_BYTES_MAX * 10) });
  }, 120_000);
  afterAll(() => service.stop());

  const typeOf = ({ encoding }: OtlpBody) => (encoding === 'json' ? 'application/json' : 'application/x-protobuf');
  /** Over HTTP, now and then as what it is not: of another type, compressed in another way, compressed and broken, or a bomb. */
  const overHttp = (sender: OtlpSender, fuzzed: OtlpBody): Promise<Answer> => {
    const type = random.chance(0.03) ? random.pick(['text/plain', 'application/json; charset=x', '', ';;', 'application/x-protobuf; a=b']) : typeOf(fuzzed);
    const [encoding, body] = random.pick<() => [string, Buffer]>([
      () => ['identity', fuzzed.body],
      () => ['gzip', gzipSync(fuzzed.body, { level: 1 })],
      () => ['gzip', random.chance(0.2) ? gzipSync(Buffer.alloc(BODY_BYTES_MAX * 11)) : gzipSync(fuzzed.body, { level: 1 })],
      () => (random.chance(0.2) ? ['gzip', fuzzed.body] : ['identity', fuzzed.body]),
      () => (random.chance(0.2) ? [random.pick(['deflate', 'br', 'gzip, gzip']), fuzzed.body] : ['identity', fuzzed.body]),
      () => (random.chance(0.2) ? ['gzip', gzipSync(fuzzed.body, { level: 1 }).subarray(0, -5)] : ['identity', fuzzed.body]),
    ])();
    return sender.sendBody(fuzzed.signal, { 'content-type': type, 'content-encoding': encoding }, body);
  };

  it(`are answered 200, 400, 413 or 415, ${REQUESTS} of them, and what was taken of them is loaded`, async () => {
    const sender = new OtlpSender(service);
    const statuses = new Map<string, number>();
    let left = REQUESTS;
    const client = async () => {
      while (left-- > 0) {
        const fuzzed = bodies.next();
        const isGrpc = random.chance(0.15);
        const answer = isGrpc ? await sender.sendGrpc(fuzzed.signal, fuzzed.body) : await overHttp(sender, fuzzed);
        const status = answer.kind === 'acknowledged' ? 200 : answer.kind === 'refused' ? answer.code : answer.message;
        const known = isGrpc ? [200, INVALID_ARGUMENT] : [200, 400, 413, 415];
        // A client that sees anything else either sends the same again for ever, or drops what was good.
        if (!known.includes(status as number)) throw new Error(`${isGrpc ? 'gRPC' : 'HTTP'} ${status}: ${JSON.stringify(answer)} on ${fuzzed.signal} as ${fuzzed.encoding}, base64 ${fuzzed.body.subarray(0, 6000).toString('base64')}`);
        statuses.set(`${isGrpc ? 'gRPC' : 'HTTP'} ${status}`, (statuses.get(`${isGrpc ? 'gRPC' : 'HTTP'} ${status}`) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    // Each answer was seen, or the test would show less than it says.
    expect([...statuses.keys()].sort()).toEqual(['HTTP 200', 'HTTP 400', 'HTTP 413', 'HTTP 415', 'gRPC 200', `gRPC ${INVALID_ARGUMENT}`]);
    expect(Math.min(statuses.get('HTTP 200') ?? 0, statuses.get('HTTP 400') ?? 0)).toBeGreaterThan(REQUESTS / 8);

    const load = new OtlpLoad(SEED);
    for (const transport of TRANSPORTS) expect(await load.sendOne(sender, transport)).toMatchObject({ answer: { kind: 'acknowledged' } });
    const metrics = await eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0);
    expect(metrics).toMatchObject({ astrolabe_spool_refused_segments: 0, astrolabe_store_away: 0 });
    expect(metrics['astrolabe_ingest_spans_accepted_total']).toBeGreaterThan(REQUESTS / 8);
    sender.close();
    expect(await service.kill('SIGTERM')).toBe(0);
  }, 120_000);
});
