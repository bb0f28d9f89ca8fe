import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from './errors.js';

/**
 * Makes this process the only owner of a data directory until it ends, however it ends.
 *
 * The lock is a Unix socket that we listen on: whoever can connect to it meets a living owner, and a socket file that nobody answers
 * on was left by a process that was killed. A pid in a file would have to guess whether the pid was given to somebody else since.
 *
 * @throws DomainError `data_directory_in_use`
 */
export async function lockDataDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  mkdirSync(directory, { recursive: true });
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `astrolabe-${name}.lock`);
  if (await answers(path)) {
    throw new DomainError({
      kind: 'conflict',
      code: 'data_directory_in_use',
      message: `${directory} is in use by another Astrolabe process: stop that one first, or set DATA_DIR to another directory`,
    });
  }
  rmSync(path, { force: true });
  const server = await listen(path);
  server.unref();
  return { release: () => new Promise((done) => server.close(() => done())) };
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', fail);
    server.listen(path, () => done(server));
  });
}
