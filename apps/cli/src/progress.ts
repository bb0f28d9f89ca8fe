import { SingleBar } from 'cli-progress';
import type { TextOutput } from './terminal.js';

export interface Progress {
  /** `stage` says what is being done; the last one given stays. */
  advance(count: number, stage?: string): void;
  stop(): void;
}

/** A bar on stderr while a person is watching, else nothing: a log file wants no control characters. */
export function startProgress(output: TextOutput, total: number, stage = 'conversations'): Progress {
  if (output.isTTY !== true) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: output as NodeJS.WritableStream,
    format: '{bar} {value}/{total} {stage}',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0, { stage });
  return { advance: (count, next) => bar.increment(count, next === undefined ? {} : { stage: next }), stop: () => bar.stop() };
}
