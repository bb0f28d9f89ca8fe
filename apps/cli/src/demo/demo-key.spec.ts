import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { demoAdminKey, demoKey } from './demo-key.js';

describe('the keys of the demo', () => {
  let folder: string;
  let server: Server;
  let service: { url: string; adminKey: string };
  /** What the service would answer to a key that reads, and the keys that it made. */
  let readStatus: number;
  let made: unknown[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'astrolabe-demo-key-'));
    readStatus = 200;
    made = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.method === 'GET') return response.writeHead(readStatus).end(JSON.stringify({ code: 'x', detail: 'x' }));
        made.push({ by: request.headers.authorization, ...(JSON.parse(Buffer.concat(chunks).toString()) as object) });
        return response.writeHead(201).end(JSON.stringify({ secret: `astk_${made.length}` }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    service = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, adminKey: demoAdminKey(join(folder, 'data')) };
  });
  afterEach(async () => {
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  const pagesKey = () => demoKey(service, join(folder, 'data'), 'pages', ['read']);
  const kept = (name: string) => ({ text: readFileSync(join(folder, 'data', name), 'utf8'), mode: statSync(join(folder, 'data', name)).mode & 0o777 });

  it('are made once, and kept for the owner alone', async () => {
    expect(service.adminKey).toMatch(/^astk_[0-9a-f]{64}$/);
    expect(demoAdminKey(join(folder, 'data'))).toBe(service.adminKey);
    expect([await pagesKey(), await pagesKey()]).toEqual(['astk_1', 'astk_1']);
    expect(made).toEqual([{ by: `Bearer ${service.adminKey}`, name: 'demo pages', scopes: ['read'] }]);
    expect(kept('demo-api-key')).toEqual({ text: `${service.adminKey}\n`, mode: 0o600 });
    expect(kept('demo-pages-key')).toEqual({ text: 'astk_1\n', mode: 0o600 });
  });

  it.each([401, 403])('are made again when the service says %i to the one that was kept', async (status) => {
    await pagesKey();
    readStatus = status;
    expect(await pagesKey()).toBe('astk_2');
    expect(kept('demo-pages-key')).toEqual({ text: 'astk_2\n', mode: 0o600 });
  });

  it('are not made again because the service is in trouble', async () => {
    await pagesKey();
    readStatus = 503;
    await expect(pagesKey()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(made).toHaveLength(1);
  });
});
