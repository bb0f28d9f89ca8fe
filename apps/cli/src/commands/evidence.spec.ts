import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { run } from '../run.js';

/** Exports themselves: test/integration/evidence.spec.ts. Here is what a service that goes away leaves. */
describe('astrolabe evidence export', () => {
  let directory: string;
  let server: Server;
  let asked: (string | undefined)[];
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-evidence-cli-'));
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      answer(response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(async () => {
    await new Promise((done) => server.close(done));
    rmSync(directory, { recursive: true, force: true });
  });

  async function exported(statement: string) {
    const said = { out: '', err: '' };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const code = await run(['evidence', 'export', '--statement', statement, '--out', join(directory, 'out')], {
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      env: { ASTROLABE_URL: url },
    });
    return { code, ...said };
  }

  it.each<[string, typeof answer, string]>([
    ['breaks the connection', (response) => response.write('{"statement":{}}\n{"book', () => response.destroy()), 'astrolabe: The service broke off in the middle of its answer'],
    ['ends before the end', (response) => response.end('{"statement":{}}\n'), 'astrolabe: The evidence broke off before its end'],
    ['says that it failed', (response) => response.end('{"statement":{}}\n{"problem":{"code":"internal","detail":"Something went wrong here"}}\n'), 'astrolabe: Something went wrong here'],
  ])('leaves nothing where the service %s', async (_what, answerIt, message) => {
    answer = answerIt;
    expect(await exported('northwind/2026-11')).toMatchObject({ code: 5, out: '', err: expect.stringContaining(message) });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('asks for the statement that is named, whatever characters its customer has', async () => {
    answer = (response) => response.end();
    await exported('emea/north & wind/2026-11/EUR');
    expect(asked).toEqual(['/api/v1/customers/emea%2Fnorth%20%26%20wind/statements/2026-11/evidence?currency=EUR']);
  });
});
