import type { Config } from '../config/config-schema.js';
import { loadProcessConfig } from '../config/load-config.js';
import { DomainError, messageOf } from '../errors.js';

export interface Serving {
  /** Lines for the person who started it. */
  announcement: readonly string[];
  /** What a parent process that forked us needs to know. */
  ready: Record<string, unknown>;
  close(): Promise<void>;
}

/**
 * Starts a server from the environment and runs it until SIGINT or SIGTERM, or until the process that forked it goes away. A failure to start
 * is one message and exit code 2 where it is the operator's to mend, 1 where it is ours. A start may take as long as a server is away: a
 * signal ends it too, which has to be said for a process that is the first of its container.
 */
export async function serveProcess(start: (config: Config) => Promise<Serving>): Promise<void> {
  let serving: Serving | undefined;
  stopOnSignal(() => serving);
  try {
    serving = await start(loadProcessConfig());
    if (process.send) process.send({ type: 'ready', ...serving.ready });
    else process.stderr.write(`${serving.announcement.join('\n')}\n`);
  } catch (error) {
    const isKnown = error instanceof DomainError;
    process.stderr.write(`astrolabe: ${isKnown ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(isKnown ? 2 : 1);
  }
}

function stopOnSignal(servingNow: () => Serving | undefined): void {
  let isStopping = false;
  const stop = () => {
    const serving = servingNow();
    // What does not serve yet has nothing to finish, and a second signal does not wait: what was acknowledged is on disk either way.
    if (!serving || isStopping) process.exit(130);
    isStopping = true;
    serving.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`astrolabe: stopping failed: ${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
}
