import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from './clickhouse-front/engine-error.ts';
import { Engine, type Result, type Statement } from './clickhouse-front/engine.ts';
import { ADDRESS_BYTES_MAX, addressOf, bodyText, bodyToFile, compressed, type Address, formOf, isForm } from './clickhouse-front/request.ts';
import { dataInsertOf, isInsert, secondStatementAt } from './clickhouse-front/statement.ts';

/*
 * ClickHouse's HTTP interface in front of the embedded engine, where no server can be installed: the real client talks to the real engine
 * over a real socket, and the socket can be made to fail. One for a process, because the engine holds one directory.
 *
 * Known gaps: a result is complete before the first byte of it is sent, so that the engine's errors all come with their status; no
 * sessions, no users, no external tables, no clusters. What is missing is answered with NOT_IMPLEMENTED.
 */

/**
 * How an INSERT fails: with an answer; before it is run; after it was run, and nobody is told; when its good answer has begun, and it is
 * not run; or by coming too late: it is run, or answered, when its client may have given up and sent it again.
 */
export type Fault = { status: number; code: number; message: string } | { runAfterMs: number } | { answerAfterMs: number } | 'drop-before' | 'drop-after' | 'drop-midway';

export class ClickHouseFront {
  readonly #engine: Engine;
  readonly #server: Server;
  readonly #bodies: string;
  readonly #running = new Set<Promise<void>>();
  readonly #faults: Fault[] = [];
  #port = 0;

  private constructor(directory: string) {
    this.#bodies = join(directory, 'bodies');
    // A process that was killed leaves bodies behind.
    rmSync(this.#bodies, { recursive: true, force: true });
    mkdirSync(this.#bodies, { recursive: true });
    this.#engine = new Engine(join(directory, 'engine'));
    this.#server = createServer({ maxHeaderSize: ADDRESS_BYTES_MAX + 16 * 1024 }, (request, response) => this.#take(request, response));
  }

  /** An engine of its own on a directory, which is made when it is missing. */
  static async start({ directory, port = 0 }: { directory: string; port?: number }): Promise<ClickHouseFront> {
    const front = new ClickHouseFront(resolve(directory));
    try {
      await front.#listen(port);
    } catch (error) {
      await front.#engine.close();
      throw error;
    }
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** As if the server went down: connections are refused, open ones destroyed. What runs in the engine runs to its end. */
  async stopListening(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async listenAgain(): Promise<void> {
    await this.#listen(this.#port);
  }

  /** The next INSERTs fail, after the faults that were ordered before. */
  failNext(fault: Fault, times = 1): void {
    for (let n = 0; n < times; n++) this.#faults.push(fault);
  }

  /** Faults that were ordered and have not met an INSERT yet. */
  get faultsLeft(): number {
    return this.#faults.length;
  }

  /** Requests that came and are not answered yet. One whose client has left is among them while the engine is at it. */
  get requestsRunning(): number {
    return this.#running.size;
  }

  async close(): Promise<void> {
    await this.stopListening();
    await Promise.allSettled(this.#running);
    await this.#engine.close();
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', fail);
        done();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    // Nobody is left to be told of an error when the client has gone, or was sent away.
    const running = this.#handle(request, response)
      .catch(() => void response.destroy())
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let address: Address | undefined;
    try {
      address = addressOf(request);
      if (isForm(request)) {
        const { query, params } = await formOf(request);
        address = { ...address, query: [query, address.query].filter((part) => part !== '').join('\n'), params: [...address.params, ...params] };
      }
      if (address.path === '/ping' || (request.method === 'GET' && address.query === '')) return void response.end('Ok.\n');
      if (address.path !== '/') return void response.writeHead(404).end(`There is no handle ${address.path}\n`);
      const outcome = await this.#run(address, request);
      if (outcome === 'dropped') return void response.destroy();
      if (outcome === 'broken off') return void response.writeHead(200).write('\n', () => response.destroy());
      send(response, address, outcome.bytes, outcome);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      send(response, address, Buffer.from(`${error.message}\n`), error);
      // What is left of the body must not be taken for the next request.
      request.resume();
    }
  }

  async #run(address: Address, request: IncomingMessage): Promise<(Result & { isDataInsert: boolean }) | 'dropped' | 'broken off'> {
    const insert = dataInsertOf(address.query);
    const path = join(this.#bodies, randomUUID());
    try {
      if (insert) await bodyToFile(request, path);
      const body = insert || isForm(request) ? '' : await bodyText(request);
      const text = insert ? insert.reading(path) : [address.query, body].filter((part) => part !== '').join('\n');
      const fault = isInsert(text) ? this.#faults.shift() : undefined;
      if (fault === 'drop-before') return 'dropped';
      if (fault === 'drop-midway') return 'broken off';
      if (typeof fault === 'object' && 'status' in fault) throw await this.#ordered(fault);
      if (typeof fault === 'object' && 'runAfterMs' in fault) await sleep(fault.runAfterMs);
      const result = await this.#engine.run({ ...address, sql: oneStatement(text) });
      if (typeof fault === 'object' && 'answerAfterMs' in fault) await sleep(fault.answerAfterMs);
      return fault === 'drop-after' ? 'dropped' : { ...result, isDataInsert: insert !== undefined };
    } finally {
      await rm(path, { force: true });
    }
  }

  async #ordered({ status, code, message }: Extract<Fault, { status: number }>): Promise<EngineError> {
    const question: Statement = { sql: `SELECT errorCodeToName(${code})`, format: 'TSVRaw', settings: [], params: [], database: undefined, isReadOnly: true };
    const name = Buffer.from((await this.#engine.run(question)).bytes).toString().trim();
    return new EngineError(`Code: ${code}. DB::Exception: ${message}. (${name})`, status);
  }
}

function oneStatement(text: string): string {
  if (text.trim() === '') throw new EngineError('Code: 62. DB::Exception: Syntax error: failed at position 1 (end of query): . Empty query. (SYNTAX_ERROR)');
  const second = secondStatementAt(text);
  if (second === undefined) return text;
  throw new EngineError(`Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed): failed at position ${second} (end of query). (SYNTAX_ERROR)`);
}

function send(response: ServerResponse, address: Address | undefined, bytes: Uint8Array, outcome: (Result & { isDataInsert: boolean }) | EngineError): void {
  const codec = address?.answerCodec;
  response.writeHead(outcome instanceof EngineError ? outcome.status : 200, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Query-Id': address?.queryId ?? randomUUID(),
    ...(codec !== undefined && { 'Content-Encoding': codec }),
    ...(outcome instanceof EngineError ? { 'X-ClickHouse-Exception-Code': outcome.code } : { 'X-ClickHouse-Summary': summaryOf(outcome) }),
  });
  compressed(bytes, codec).on('error', () => response.destroy()).pipe(response);
}

// Only what the engine tells: it counts no rows of an INSERT ... SELECT.
function summaryOf({ rows, elapsedSeconds, isDataInsert }: Result & { isDataInsert: boolean }): string {
  const counts = isDataInsert ? { read_rows: String(rows), written_rows: String(rows) } : { result_rows: String(rows) };
  return JSON.stringify({ ...counts, elapsed_ns: String(Math.round(elapsedSeconds * 1e9)) });
}
