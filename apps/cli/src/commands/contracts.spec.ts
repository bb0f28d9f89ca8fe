import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '#platform';
import { run } from '../run.js';

const northwind = join(projectRoot(), 'examples', 'contracts', 'northwind.yaml');

/** What a service would answer, by method and path; and what it was asked. */
let answers: Record<string, { status: number; body: unknown }>;
let asked: { request: string; key: string | undefined; body: unknown }[];
let server: Server;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-contracts-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const name = `${request.method} ${request.url}`;
      asked.push({ request: name, key: request.headers.authorization, body: text === '' ? undefined : JSON.parse(text) });
      const { status, body } = answers[name] ?? { status: 404, body: { code: 'not_found', detail: `nothing at ${name}` } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});
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

describe('astrolabe contracts check', () => {
  it('says what a file bills, without a service', async () => {
    const plain = await astrolabe('contracts', 'check', northwind);
    expect(plain).toMatchObject({ code: 0, err: '' });
    expect(plain.out).toContain('northwind-travel version 1, with Northwind Travel');
    expect(plain.out).toContain('billed: cancellation_saved, 12.00 USD');
    const json = await astrolabe('contracts', 'check', northwind, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ id: 'northwind-travel', version: 1, customerId: 'northwind-travel', agents: ['northwind-concierge'], currency: 'USD', quietWindowMs: 259_200_000 });
    expect(asked).toEqual([]);
  });

  it('sends the reader of a wrong one to the line, with the cure, and fails with 2', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, readFileSync(northwind, 'utf8').replace('quiet_window: 72h', 'quiet_window: three days').replace('handed_off', 'handed_of'));
    const line = readFileSync(file, 'utf8').split('\n').findIndex((text) => text.startsWith('quiet_window')) + 1;
    const plain = await astrolabe('contracts', 'check', file);
    expect(plain).toMatchObject({ code: 2, out: '' });
    expect(plain.err).toContain(`${file}:${line}:1: quiet_window must be a whole number and a unit, such as 30m, 72h or 3d`);
    const json = await astrolabe('contracts', 'check', file, '--json');
    expect(json.code).toBe(2);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'invalid_contract', details: { problems: [expect.stringContaining(`${file}:${line}:1: `)] } } });
  });

  it('knows a file that is not there', async () => {
    expect(await astrolabe('contracts', 'check', join(folder, 'none.yaml'))).toMatchObject({ code: 3, err: expect.stringContaining('none.yaml does not exist') });
    expect(await astrolabe('contracts', 'check', folder)).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read') });
  });
});

describe('astrolabe contracts apply', () => {
  const draft = { id: 'northwind-travel', version: 1, customerId: 'northwind-travel', status: 'draft' };

  it('stores the file, and activates it only when asked to', async () => {
    answers['POST /api/v1/contracts'] = { status: 200, body: draft };
    answers['POST /api/v1/contracts/northwind-travel/versions/1/activate'] = { status: 200, body: { id: 'northwind-travel', version: 1, status: 'active' } };
    expect(await astrolabe('contracts', 'apply', northwind)).toMatchObject({ code: 0, out: 'northwind-travel version 1, for northwind-travel, is draft\n' });
    expect(asked).toEqual([{ request: 'POST /api/v1/contracts', key: 'Bearer astk_x', body: { source: readFileSync(northwind, 'utf8'), fileName: northwind } }]);

    const { code, out } = await astrolabe('contracts', 'apply', northwind, '--activate', '--json', '--key', 'astk_y');
    expect([code, JSON.parse(out)]).toEqual([0, { ...draft, status: 'active', file: northwind }]);
    expect(asked.slice(1).map(({ request, key }) => [request, key])).toEqual([
      ['POST /api/v1/contracts', 'Bearer astk_y'],
      ['POST /api/v1/contracts/northwind-travel/versions/1/activate', 'Bearer astk_y'],
    ]);
  });

  it('sends nothing that is wrong', async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'contract: x\n');
    expect(await astrolabe('contracts', 'apply', file)).toMatchObject({ code: 2, err: expect.stringContaining(`${file}:1:1: version is missing`) });
    expect(asked).toEqual([]);
  });

  it('passes on what the service says, with the exit code of its kind', async () => {
    answers['POST /api/v1/contracts'] = { status: 409, body: { code: 'contract_version_immutable', detail: 'Version 1 is active: give the new text the next version' } };
    expect(await astrolabe('contracts', 'apply', northwind)).toMatchObject({ code: 4, out: '', err: 'astrolabe: Version 1 is active: give the new text the next version\n' });
    answers['POST /api/v1/contracts'] = { status: 403, body: { code: 'scope_missing', detail: '"operate" is needed here' } };
    expect(await astrolabe('contracts', 'apply', northwind)).toMatchObject({ code: 6 });
    expect(await astrolabe('contracts', 'apply', northwind, '--endpoint', 'http://127.0.0.1:1')).toMatchObject({ code: 5, err: expect.stringContaining('npm start') });
    expect(await astrolabe('contracts', 'apply', northwind, '--endpoint', 'localhost:4318')).toMatchObject({ code: 2, err: expect.stringContaining('is not a base URL') });
  });
});

describe('astrolabe contracts list', () => {
  it('lists every version', async () => {
    answers['GET /api/v1/contracts'] = {
      status: 200,
      body: { contracts: [{ id: 'support', version: 2, customerId: 'acme', status: 'active', source: '', createdAt: '2026-11-01T00:00:00.000Z', activatedAt: '2026-11-02T00:00:00.000Z' }] },
    };
    expect((await astrolabe('contracts', 'list')).out).toBe(
      ['contract  version  customer  status                 activated', 'support         2      acme  active  2026-11-02T00:00:00.000Z', ''].join('\n'),
    );
    expect(JSON.parse((await astrolabe('contracts', 'list', '--json')).out)).toMatchObject({ contracts: [{ id: 'support', version: 2 }] });
    answers['GET /api/v1/contracts'] = { status: 200, body: { contracts: [] } };
    expect((await astrolabe('contracts', 'list')).out).toContain('No contract yet');
  });
});
