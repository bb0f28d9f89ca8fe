import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { fastify } from 'fastify';
import protobuf from 'protobufjs';
import { migrateClickHouse, openEmbeddedClickHouse } from '#platform';
import { answerParent } from './measured-process.js';
import { OTLP_PROTO } from './otlp-proto.js';
import { plainRow, type DecodedSpan } from './plain-row.js';

/*
 * The same job as it is usually written in Node: protobufjs objects, a row object for each span, JSONEachRow into the same engine and the same
 * table with its views. It does less: no pricing, no spool, no sync to disk, no key, and it answers before anything is stored.
 */

const BATCH_ROWS = 10_000;
const FLUSH_EVERY_MS = 1000;

const directory = mkdtempSync(join(tmpdir(), 'astrolabe-bench-plain-'));
const clickhouse = await openEmbeddedClickHouse(join(directory, 'clickhouse'));
await migrateClickHouse(clickhouse);
const request = protobuf.parse(OTLP_PROTO, { keepCase: false }).root.lookupType('ExportTraceServiceRequest');
const inflate = promisify(gunzip);

let rows: object[] = [];
let inserting: Promise<unknown> = Promise.resolve();
const flush = () => {
  if (rows.length === 0) return;
  const batch = rows;
  rows = [];
  inserting = inserting.then(() => clickhouse.client.insert({ table: 'spans', values: batch, format: 'JSONEachRow' }));
};
setInterval(flush, FLUSH_EVERY_MS).unref();

interface Decoded {
  resourceSpans: { resource?: { attributes: DecodedSpan['attributes'] }; scopeSpans: { spans: DecodedSpan[] }[] }[];
}

const server = fastify();
server.removeAllContentTypeParsers();
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.post('/v1/traces', async (incoming, reply) => {
  const decoded = request.decode(await inflate(incoming.body as Buffer)) as unknown as Decoded;
  const organizationId = String(incoming.headers.authorization);
  for (const { resource, scopeSpans } of decoded.resourceSpans) {
    for (const { spans } of scopeSpans) for (const span of spans) rows.push(plainRow(span, resource?.attributes ?? [], organizationId));
  }
  if (rows.length >= BATCH_ROWS) flush();
  // What is not written yet must fit somewhere: a plain pipeline waits for its insert, or it would end without memory.
  await inserting;
  return reply.header('content-type', 'application/x-protobuf').send(Buffer.alloc(0));
});
await server.listen({ host: '127.0.0.1', port: 0 });

answerParent(`http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, {
  count: async () => Number((await clickhouse.rows<{ n: string }>({ query: 'SELECT count() AS n FROM spans', query_params: {} }))[0]?.n),
  drain: async () => {
    flush();
    await inserting;
  },
  stop: async () => {
    await server.close();
    await clickhouse.close();
    rmSync(directory, { recursive: true, force: true });
  },
});
