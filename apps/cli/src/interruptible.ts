/** Ctrl-C ends the work first, so that what was begun is cleared away, and then the program. */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const interrupted = new AbortController();
  const interrupt = (name: NodeJS.Signals) => interrupted.abort(name);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (interrupted.signal.aborted) process.kill(process.pid, interrupted.signal.reason as NodeJS.Signals);
  }
}
