import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../run.js';

interface Received {
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}
type Answer = (response: ServerResponse) => void;

const received: Received[] = [];
let answers: Answer[] = [];
const accept: Answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

// A real receiver as far as HTTP goes: the answers queued in a test first, then 200.
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    received.push({ url: request.url, headers: request.headers, body: Buffer.concat(parts) });
    (answers.shift() ?? accept)(response);
  });
});
let folder = '';
let endpoint = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-import-'));
  const turn = [
    { role: 'user', content: 'help' },
    { role: 'assistant', content: 'done', usage: { prompt_tokens: 5, completion_tokens: 1 } },
  ];
  // 2 conversations of 300 turns: 600 spans each, so that a request holds only one of them.
  const messages = Array.from({ length: 300 }, () => turn).flat();
  const simulations = ['s1', 's2'].map((id, trial) => ({ id, trial, task_id: '1', start_time: '2025-08-01T00:00:00', messages }));
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ simulations }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
afterEach(() => {
  received.length = 0;
  answers = [];
});

async function importRun(options: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const said = { out: '', err: '' };
  const argv = ['import', 'trajectories', '--format', 'tau2', '--variant', 'base', join(folder, 'run.json'), ...options];
  const code = await run(argv, { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env });
  return { code, ...said };
}
const toServer = () => ['--endpoint', endpoint, '--key', 'k1', '--json'];

describe('astrolabe import trajectories', () => {
  it('posts gzipped OTLP/JSON with the key, and a second run the same bytes', async () => {
    const first = await importRun(toServer());
    expect([first.code, first.err]).toEqual([0, '']);
    expect(JSON.parse(first.out)).toMatchObject({ conversations: 2, turns: 600, spans: 1200, rejectedSpans: 0, endpoint: `${endpoint}/v1/traces` });
    expect(received.map(({ url }) => url)).toEqual(['/v1/traces', '/v1/traces']);
    expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer k1', 'content-type': 'application/json', 'content-encoding': 'gzip' });

    const bodies = received.map(({ body }) => body);
    const sent = bodies.map((body) => JSON.parse(gunzipSync(body).toString()));
    expect(sent.map(({ resourceSpans }) => resourceSpans[0].scopeSpans[0].spans.length)).toEqual([600, 600]);

    await importRun(toServer());
    expect(received.slice(2).map(({ body }) => body)).toEqual(bodies);
  });

  it('takes endpoint and key from the environment, and options before it', async () => {
    const env = { ASTROLABE_URL: `${endpoint}/`, ASTROLABE_API_KEY: 'from-env' };
    expect((await importRun([], env)).code).toBe(0);
    expect((await importRun(['--key', 'from-option'], env)).code).toBe(0);
    expect(received.map(({ headers }) => headers.authorization)).toEqual([...Array<string>(2).fill('Bearer from-env'), ...Array<string>(2).fill('Bearer from-option')]);
  });

  it('reports rejected spans, and what the receiver says', async () => {
    const partial = status(200, {}, JSON.stringify({ partialSuccess: { rejectedSpans: '3', errorMessage: 'bad trace id' } }));
    answers = [partial, partial];
    const { code, out } = await importRun(['--endpoint', endpoint, '--key', 'k1']);
    expect(code).toBe(0);
    expect(out).toMatch(/conversations +2\nturns +600\nspans sent +1200\nspans rejected +6\n/);
    expect(out).toContain('the receiver says: bad trace id');
  });

  it('waits as asked and tries again, also after a lost connection', async () => {
    answers = [status(503, { 'retry-after': '0' }), status(429, { 'retry-after': '0' }), accept, (response) => response.destroy()];
    const { code, out } = await importRun(toServer());
    expect(code).toBe(0);
    expect(received).toHaveLength(5);
    expect(JSON.parse(out)).toMatchObject({ spans: 1200 });
    expect(received[0]?.body).toEqual(received[2]?.body);
  });

  it.each([
    [503, '0', 5, /answered 503 to 5 attempts/, 5],
    [429, '3600', 5, /answered 429 to 1 attempts; try again in 3600 s or later/, 1],
    [400, '', 2, /could not read the spans: bad batch/, 1],
    [401, '', 6, /--key or in ASTROLABE_API_KEY/, 1],
    [403, '', 6, /the scope ingest/, 1],
    [404, '', 3, /No OTLP receiver/, 1],
    [500, '', 5, /answered 500: bad batch/, 1],
  ])('%i gives up in words', async (code, retryAfter, exitCode, message, requests) => {
    answers = Array<Answer>(5).fill(status(code, retryAfter === '' ? {} : { 'retry-after': retryAfter }, '{"code":3,"message":"bad batch"}'));
    const result = await importRun(['--endpoint', endpoint]);
    expect([result.code, result.out, received.length]).toEqual([exitCode, '', requests]);
    expect(result.err).toMatch(/^astrolabe: /);
    expect(result.err).toMatch(message);
  });

  it('says that nothing runs there, and how to start it', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const { code, err } = await importRun(['--endpoint', `http://127.0.0.1:${port}`]);
    expect(code).toBe(5);
    expect(err).toBe(`astrolabe: The server is not running at 127.0.0.1:${port}: start it with \`npm start\`, or give its address with --endpoint\n`);
  });
});
