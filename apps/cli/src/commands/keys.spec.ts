import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../run.js';

/** What a service would answer, by method and path; and what it was asked. */
let answers: Record<string, { status: number; body?: unknown }>;
let asked: { request: string; key: string | undefined; body: unknown }[];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const name = `${request.method} ${request.url}`;
      asked.push({ request: name, key: request.headers.authorization, body: text === '' ? undefined : JSON.parse(text) });
      const { status, body } = answers[name] ?? { status: 404, body: { code: 'api_key_not_found', detail: `nothing at ${name}` } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  answers = {};
  asked = [];
});

async function astrolabe(...argv: string[]) {
  const said = { out: '', err: '' };
  const code = await run(argv, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: 'astk_x' },
  });
  return { code, ...said };
}

describe('astrolabe keys create', () => {
  const created = { id: 'key_1', name: 'my-agent', scopes: ['ingest', 'read'], secret: 'astk_0f' };

  it('asks for the scopes that are named, and shows the secret on a line of its own', async () => {
    answers['POST /api/v1/keys'] = { status: 201, body: created };
    expect(await astrolabe('keys', 'create', '--name', 'my-agent', '--scope', 'ingest', '--scope', 'read')).toEqual({
      code: 0,
      out: 'key_1, my-agent, may ingest, read; shown this once:\nastk_0f\n',
      err: '',
    });
    expect(asked).toEqual([{ request: 'POST /api/v1/keys', key: 'Bearer astk_x', body: { name: 'my-agent', scopes: ['ingest', 'read'] } }]);
    const { out } = await astrolabe('keys', 'create', '--name', 'my-agent', '--scope', 'ingest', '--json', '--key', 'astk_y');
    expect(JSON.parse(out)).toEqual(created);
    expect(asked[1]).toMatchObject({ key: 'Bearer astk_y', body: { scopes: ['ingest'] } });
  });

  it.each([
    ['no scope', ['--name', 'x'], "required option '--scope <scope...>' not specified"],
    ['no name', ['--scope', 'read'], "required option '--name <name>' not specified"],
    ['an unknown scope', ['--name', 'x', '--scope', 'write'], 'Allowed choices are ingest, read, operate, admin'],
  ])('sends nothing with %s', async (_what, argv, message) => {
    expect(await astrolabe('keys', 'create', ...argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
    expect(asked).toEqual([]);
  });

  it('passes on that the key may not do this', async () => {
    answers['POST /api/v1/keys'] = { status: 403, body: { code: 'scope_missing', detail: '"admin" is needed here' } };
    expect(await astrolabe('keys', 'create', '--name', 'x', '--scope', 'read')).toEqual({ code: 6, out: '', err: 'astrolabe: "admin" is needed here\n' });
  });
});

describe('astrolabe keys list', () => {
  it('lists every key', async () => {
    const keys = [
      { id: 'key_1', name: 'bootstrap', scopes: ['admin'], createdAt: '2026-11-01T00:00:00.000Z', revokedAt: null },
      { id: 'key_2', name: 'agent', scopes: ['ingest', 'read'], createdAt: '2026-11-02T00:00:00.000Z', revokedAt: '2026-11-03T00:00:00.000Z' },
    ];
    answers['GET /api/v1/keys'] = { status: 200, body: { keys } };
    expect((await astrolabe('keys', 'list')).out.split('\n')).toEqual([
      'key         name        scopes                   created                   revoked',
      'key_1  bootstrap         admin  2026-11-01T00:00:00.000Z                        no',
      'key_2      agent  ingest, read  2026-11-02T00:00:00.000Z  2026-11-03T00:00:00.000Z',
      '',
    ]);
    expect(JSON.parse((await astrolabe('keys', 'list', '--json')).out)).toEqual({ keys });
  });
});

describe('astrolabe keys revoke', () => {
  it('names the key, whatever characters its id has, and reads the empty answer', async () => {
    answers['DELETE /api/v1/keys/key%2F1'] = { status: 204 };
    expect(await astrolabe('keys', 'revoke', 'key/1')).toEqual({ code: 0, out: 'key/1 is revoked\n', err: '' });
    expect(JSON.parse((await astrolabe('keys', 'revoke', 'key/1', '--json')).out)).toEqual({ id: 'key/1', status: 'revoked' });
    expect(await astrolabe('keys', 'revoke', 'key/1', '--reason', 'it leaked')).toMatchObject({ code: 0 });
    expect(asked.map(({ body }) => body)).toEqual([undefined, undefined, { reason: 'it leaked' }]);
    expect(await astrolabe('keys', 'revoke', 'key_2')).toMatchObject({ code: 3, out: '', err: 'astrolabe: nothing at DELETE /api/v1/keys/key_2\n' });
  });
});
