import { SingleBar } from 'cli-progress';
import type { TextOutput } from './terminal.js';

export interface Progress {
  advance(count: number): void;
  stop(): void;
}

/** A bar on stderr while a person is watching, else nothing: a log file wants no control characters. */
export function startProgress(output: TextOutput, total: number): Progress {
  if (output.isTTY !== true) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: output as NodeJS.WritableStream,
    format: '{bar} {value}/{total} conversations',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { advance: (count) => bar.increment(count), stop: () => bar.stop() };
}
