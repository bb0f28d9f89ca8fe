import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { openClickHouseServer, type ClickHouse } from '#platform';
import { SignalBlock } from '../logs/signal-block.js';
import { NativeBlock } from '../native/native-block.js';
import { segmentTarget, type SegmentPart } from './segment-target.js';

// What goes over the wire to a server. That the engine itself takes it, and takes it once, is tested on the embedded one.
describe('a segment on its way to a ClickHouse server', () => {
  let server: Server;
  let clickhouse: ClickHouse;
  let received: { query: string; encoding: string | undefined; body: Buffer }[];
  let answer: { status: number; headers?: Record<string, string>; body: string };

  beforeEach(async () => {
    received = [];
    answer = { status: 200, body: '' };
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({ encoding: request.headers['content-encoding'], query: new URL(request.url ?? '', 'http://x').searchParams.get('query') ?? '', body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(Buffer.concat(parts)) : Buffer.concat(parts) });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    clickhouse = openClickHouseServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    await clickhouse.close();
    await new Promise((done) => server.close(done));
  });

  const { schema, columns } = new SignalBlock();
  const insert = (blocks: Buffer[], part: Partial<SegmentPart> = {}) => segmentTarget(clickhouse).insert({ token: 'segment-1', table: 'signals', schema, blocks, scratchPath: '/not/used', ...part });

  it('is one compressed request: the query with the segment as its token, and the blocks as they are', async () => {
    await insert([Buffer.from([1, 0]), Buffer.from([0xff, 1, 0x0a])]);
    expect(received).toHaveLength(1);
    expect(received[0]?.encoding).toBe('gzip');
    const names = columns.map(({ name }) => name).join(', ');
    expect(received[0]?.query).toMatch(/^INSERT INTO signals \(.*\) SETTINGS .*insert_deduplication_token = 'segment-1'.* FORMAT Native$/);
    expect(received[0]?.query).toContain(`INSERT INTO signals (${names}) SETTINGS`);
    expect([...(received[0]?.body ?? [])]).toEqual([1, 0, 0xff, 1, 0x0a]);
  });

  it('names the columns that the block has, where another version of the program wrote it', async () => {
    class OlderBlock extends NativeBlock {
      readonly id = this.string('signal_id');
      readonly kind = this.lowCardinality('kind');
    }
    const older = new OlderBlock();
    older.id.text('s-1');
    older.kind.text('handoff');
    older.endRow();
    await insert([older.toBytes()], { schema: older.schema });
    expect(received[0]?.query).toContain('INSERT INTO signals (signal_id, kind) SETTINGS');
  });

  it('names them also when the first block of another version cannot be read to its end, once they are known', async () => {
    class PreviousBlock extends NativeBlock {
      readonly id = this.string('signal_id');
      readonly source = this.lowCardinality('source');
    }
    const previous = new PreviousBlock();
    previous.id.text('s-1');
    previous.source.text('agent');
    previous.endRow();
    const cutOff = previous.toBytes().subarray(0, -1);
    await expect(insert([cutOff], { schema: previous.schema })).rejects.toMatchObject({ code: 'unreadable_block' });
    await insert([previous.toBytes()], { schema: previous.schema });
    // The store has to say what is wrong with it.
    await insert([cutOff], { schema: previous.schema });
    expect(received.map(({ query }) => query)).toEqual([expect.stringContaining('(signal_id, source)'), expect.stringContaining('(signal_id, source)')]);
    // What calls itself by a number that is not its own speaks for nobody.
    await insert([previous.toBytes()], { schema: 1 });
    await expect(insert([cutOff], { schema: 1 })).rejects.toMatchObject({ code: 'unreadable_block' });
  });

  it('fails with the code by which the server refuses rows', async () => {
    answer = { status: 400, headers: { 'x-clickhouse-exception-code': '33' }, body: 'Code: 33. DB::Exception: Cannot read all data. (CANNOT_READ_ALL_DATA)' };
    await expect(insert([Buffer.from([1])])).rejects.toMatchObject({ code: '33' });
  });

  it('fails when the server is away', async () => {
    await new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    });
    await expect(insert([Buffer.from([1])])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    server = createServer().listen(0, '127.0.0.1');
  });
});
