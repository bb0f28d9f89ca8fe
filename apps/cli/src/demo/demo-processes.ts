import { fork, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DomainError, projectRoot } from '#platform';

/** The programs of the demo, each a process of its own as it would be in production. */

const STOP_TIMEOUT_MS = 15_000;

export interface RunningService {
  url: string;
  sandboxUrl: string;
  stop(): Promise<void>;
}

/** Starts `apps/standalone` on a data directory. Its log goes to a file there. @throws DomainError with what it said when it did not start */
export async function startService(input: { dataDirectory: string; apiKey: string; port: number; sandboxPort: number; settings: Record<string, string> }): Promise<RunningService> {
  const logPath = join(input.dataDirectory, 'service.log');
  const log = openSync(logPath, 'a');
  const child = fork(mainOf('standalone'), {
    stdio: ['ignore', log, 'pipe', 'ipc'],
    env: {
      ...inheritedEnvironment(),
      DATA_DIR: input.dataDirectory,
      PORT: String(input.port),
      STRIPE_SANDBOX_PORT: String(input.sandboxPort),
      GRPC_PORT: '0',
      BOOTSTRAP_API_KEY: input.apiKey,
      ...input.settings,
    },
  });
  closeSync(log);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ready = await new Promise<{ url: string; sandboxUrl: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url: string; sandboxUrl: string }));
    child.once('exit', (code) => reject(notStarted(said, code, logPath)));
  });
  return { ...ready, stop: () => stopChild(child) };
}

/** Runs the sample agent's conversations to their end and reports each line that it prints. */
export async function playSampleAgent(args: readonly string[], onLine: (line: Record<string, unknown>) => void): Promise<void> {
  const child = spawn(process.execPath, [mainOf('sample-agent'), '--mode', 'play', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: inheritedEnvironment() });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) onLine(JSON.parse(line) as Record<string, unknown>);
  const code = await exited;
  if (code !== 0) throw new DomainError({ kind: 'unavailable', code: 'sample_agent_failed', message: `The sample agent ended with code ${code}: ${said.trim()}` });
}

/** Starts the sample agent as a server that simulations can talk to. */
export async function serveSampleAgent(args: readonly string[]): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [mainOf('sample-agent'), '--mode', 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: inheritedEnvironment() });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { type: string; url?: string };
      if (message.type === 'listening' && message.url) resolve(message.url);
    });
    child.once('exit', (code) => reject(new DomainError({ kind: 'unavailable', code: 'sample_agent_failed', message: `The sample agent did not start (code ${code}): ${said.trim()}` })));
  });
  return { url, stop: () => stopChild(child) };
}

function mainOf(app: string): string {
  return join(projectRoot(), 'dist', 'apps', app, 'src', 'main.js');
}

// The demo's figures must not depend on settings that happen to be exported in the shell.
function inheritedEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LOG_LEVEL: 'info' };
}

function notStarted(said: string, code: number | null, logPath: string): DomainError {
  const reason = said.trim().replace(/^astrolabe: /, '') || readFileSync(logPath, 'utf8').trim().split('\n').at(-1) || 'it said nothing';
  return new DomainError({ kind: code === 2 ? 'conflict' : 'unavailable', code: 'service_not_started', message: reason });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
