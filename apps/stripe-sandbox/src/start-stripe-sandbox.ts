import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Clock, DomainError, SystemClock, lockDataDirectory, randomId } from '#platform';
import { parseForm } from './http/parse-form.js';
import { SandboxBehaviour, type BehaviourOptions } from './sandbox-behaviour.js';
import { SandboxLimits } from './sandbox-limits.js';
import { SandboxModule } from './sandbox.module.js';
import { SandboxStore } from './state/sandbox-store.js';
import { hasErrorCode } from './storage/has-error-code.js';
import { TickInterval } from './time/tick-interval.js';

const BODY_BYTES_MAX = 1_048_576;

export interface StripeSandboxOptions {
  /** Loopback only: there is no authentication worth the name. */
  host?: '127.0.0.1';
  /** 0 takes a free one. */
  port: number;
  /** Where the journal and the lock live; made when it is missing. What it holds is restored. */
  directory: string;
  clock?: Clock;
  limits?: { callsPerSecondMax?: number | undefined };
  behaviour?: BehaviourOptions;
  /** How often it looks by itself what has fallen due, in real time; 0 leaves that to the calls of the API and `POST /sandbox/tick`. */
  tickIntervalMs?: number;
}

export interface StripeSandbox {
  url: string;
  port: number;
  /** Finishes the calls under way, and gives the directory free. */
  close(): Promise<void>;
}

/**
 * Starts the stand-in for Stripe's billing API.
 * @throws DomainError `data_directory_in_use`, `port_in_use`, `journal_corrupt`
 */
export async function startStripeSandbox(options: StripeSandboxOptions): Promise<StripeSandbox> {
  const { host = '127.0.0.1', port, clock = new SystemClock() } = options;
  const directory = resolve(options.directory);
  // In reverse order of their making.
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next; next = closers.pop()) await next();
  };
  try {
    const lock = lockDataDirectory(directory, 'stop that one first, or give the sandbox another --directory');
    closers.push(async () => lock.release());
    const store = await SandboxStore.open(join(directory, 'journal.jsonl'), clock);
    closers.push(() => store.close());
    const app = await createApp({
      store,
      clock,
      limits: new SandboxLimits(options.limits),
      behaviour: new SandboxBehaviour(options.behaviour),
      interval: new TickInterval(options.tickIntervalMs),
    });
    closers.push(() => app.close());
    await listen(app, port, host);
    const address = app.getHttpServer().address() as AddressInfo;
    return { url: `http://${host}:${address.port}`, port: address.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createApp(given: Parameters<typeof SandboxModule.with>[0]): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: 'idle' });
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    const version = request.headers['stripe-version'];
    void reply.header('request-id', randomId('req_sandbox'));
    void reply.header('x-stripe-sandbox', 'This is not Stripe. It is a local stand-in for development and tests.');
    if (version !== undefined) void reply.header('stripe-version', version);
    done();
  });
  const app = await NestFactory.create<NestFastifyApplication>(SandboxModule.with(given), adapter, { logger: ['error', 'warn'] });
  app.useBodyParser('application/x-www-form-urlencoded', { bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => {
    try {
      done(null, parseForm(body.toString('utf8')));
    } catch (error) {
      done(error as Error);
    }
  });
  return app;
}

async function listen(app: NestFastifyApplication, port: number, host: string): Promise<void> {
  try {
    await app.init();
    // Not app.listen: it logs the stack of a port in use, where one sentence is wanted.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (cause) {
    if (!hasErrorCode(cause, 'EADDRINUSE')) throw cause;
    throw new DomainError({
      kind: 'conflict',
      code: 'port_in_use',
      message: `Port ${port} of ${host} is in use by another program. Stop it, or give the sandbox another --port.`,
      details: { host, port },
      cause,
    });
  }
}
