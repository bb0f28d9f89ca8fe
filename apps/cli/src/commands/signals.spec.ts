import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../run.js';
import type { Terminal } from '../terminal.js';

let server: Server;
let folder: string;
let batches: { id: unknown }[][];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-signals-'));
  // Takes what has an id, as the service does.
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { signals } = JSON.parse(Buffer.concat(chunks).toString()) as { signals: { id: unknown }[] };
      batches.push(signals);
      const rejected = signals.flatMap(({ id }, index) => (id === undefined ? [{ index, id: null, problem: 'id is missing' }] : []));
      const isRefused = rejected.length === signals.length;
      const body = isRefused ? { code: 'invalid_signals', detail: 'None can be taken', details: { accepted: 0, rejected } } : { accepted: signals.length - rejected.length, repeated: 0, rejected };
      response.writeHead(isRefused ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  batches = [];
});

async function send(lines: string[], ...options: string[]) {
  const file = join(folder, 'signals.jsonl');
  writeFileSync(file, lines.join('\n'));
  const said = { out: '', err: '' };
  const env = { ASTROLABE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ASTROLABE_API_KEY: 'astk_x' };
  const terminal: Terminal = { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env };
  const code = await run(['signals', 'send', file, ...options], terminal);
  return { code: code || (terminal.exitCode ?? 0), ...said };
}

describe('astrolabe signals send', () => {
  it('sends a thousand at a time', async () => {
    const { code, out } = await send(Array.from({ length: 2500 }, (_, n) => `{"id": "s-${n}"}`));
    expect([code, batches.map((batch) => batch.length)]).toEqual([0, [1000, 1000, 500]]);
    expect(out).toContain('2500 signals taken, 0 not taken');
  });

  it('sends the good ones, and names the line of each that was not taken', async () => {
    const { code, out } = await send(['{"id": "a"}', '', '{"id":', '{"name": "no id"}', '{"id": "b"}'], '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ accepted: 2, rejected: [{ line: 3, problem: expect.stringContaining('no JSON') }, { line: 4, problem: 'id is missing' }] });
  });

  it('goes on after a batch of which nothing could be taken', async () => {
    const { code, out } = await send([...Array.from({ length: 1000 }, () => '{}'), '{"id": "last"}']);
    expect([code, batches.length]).toEqual([1, 2]);
    expect(out).toContain('1 signals taken, 1000 not taken');
    expect(out).toContain('line 1000: id is missing');
  });
});
