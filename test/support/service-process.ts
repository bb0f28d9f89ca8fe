import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiKeys } from '#platform';
import { distMain } from './build.js';

const SETTINGS = { PORT: '0', GRPC_PORT: '0', STRIPE_SANDBOX_PORT: '0', LOG_LEVEL: 'warn', DECIDE_EVERY_MS: '200', DELIVER_EVERY_MS: '200', RECONCILE_EVERY_MS: '300', SPOOL_SEGMENT_AGE_MS: '200' };

/** The built service, or one app of it, as a process of its own, on a data directory of its own, that can be killed and started again. */
export class ServiceProcess {
  readonly key = ApiKeys.newSecret();
  readonly directory = mkdtempSync(join(tmpdir(), 'astrolabe-e2e-'));
  #child: ChildProcess | undefined;
  #logged = '';
  url = '';
  grpcAddress = '';

  constructor(readonly app: 'standalone' | 'ingest' | 'api' | 'worker' = 'standalone') {}

  async start(settings: Record<string, string> = {}): Promise<void> {
    const child = fork(distMain(this.app), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: this.directory, BOOTSTRAP_API_KEY: this.key, ...SETTINGS, ...settings },
    });
    this.#child = child;
    let said = '';
    this.#logged = '';
    child.stdout?.on('data', (chunk: Buffer) => (this.#logged += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ready = await new Promise<{ url: string; grpcAddress?: string }>((resolve, reject) => {
      child.once('message', (message) => resolve(message as { url: string; grpcAddress?: string }));
      child.once('exit', (code) => reject(new Error(`the service ended with code ${code}: ${said}`)));
    });
    this.url = ready.url;
    this.grpcAddress = ready.grpcAddress ?? '';
  }

  /** What the process has logged since it was last started. */
  get log(): { level: number; msg: string }[] {
    const whole = this.#logged.slice(0, this.#logged.lastIndexOf('\n') + 1);
    return whole.split('\n').filter(Boolean).map((line) => JSON.parse(line) as { level: number; msg: string });
  }

  /** @returns the exit code; null when the signal ended it, or when it was not running */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return exited;
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    stopPostgresOn(join(this.directory, 'postgres'));
    rmSync(this.directory, { recursive: true, force: true });
  }

  async get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.key}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

/** What a receiver says of itself under /metrics, by name. */
export async function metricsOf(service: { url: string }): Promise<Record<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name = '', value]) => [name, Number(value)]));
}

/** A PostgreSQL outlives the process that started it when that was killed, until the next start; there may be none. */
function stopPostgresOn(directory: string): void {
  const pidFile = join(directory, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGINT');
  } catch {
    // It has ended by itself.
  }
}

/** Runs the built command line to its end. */
export function runCli(args: readonly string[], env: Record<string, string> = {}): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [distMain('cli'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, stdout, stderr };
}

/** Asks again until the answer is right; the last answer is in the error when it never is. */
export async function eventually<Answer>(ask: () => Promise<Answer>, isRight: (answer: Answer) => boolean, timeoutMs = 30_000): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`never became right: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
