import { fork, type ChildProcess } from 'node:child_process';

/** What a process under test tells of itself. */
export interface ProcessFigures {
  /** Spans that can be read from ClickHouse, by `count()`: rows, not what was claimed. */
  rows: number;
  /** User and system time of the whole process, engine and compression included. */
  cpuSeconds: number;
  rssMiB: number;
  rssMiBMax: number;
}

/** What it needs to know: keys to accept, each of an organization of its own. */
export interface ProcessSetup {
  keys: string[];
}

export type Ask = 'figures' | 'drain' | 'stop';

/** A receiver in a process of its own, driven over loopback and asked over IPC. */
export class MeasuredProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(file: string, setup: ProcessSetup): Promise<MeasuredProcess> {
    const child = fork(new URL(file, import.meta.url), [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { url: string }).url));
      child.once('exit', (code) => reject(new Error(`${file} ended with code ${code}`)));
    });
    return new MeasuredProcess(url, child);
  }

  figures(): Promise<ProcessFigures> {
    return this.#ask('figures');
  }

  /** Resolves when everything that was acknowledged can be read. */
  drain(): Promise<ProcessFigures> {
    return this.#ask('drain');
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.send('stop' satisfies Ask);
    await ended;
  }

  #ask(what: Ask): Promise<ProcessFigures> {
    return new Promise((resolve) => {
      this.child.once('message', (message) => resolve(message as ProcessFigures));
      this.child.send(what);
    });
  }
}

/** The other side: answers what is asked, and stops when told to or when the parent is gone. */
export function answerParent(url: string, process_: { count(): Promise<number>; drain(): Promise<void>; stop(): Promise<void> }): void {
  const figures = async (): Promise<ProcessFigures> => {
    const { user, system } = process.cpuUsage();
    const { maxRSS } = process.resourceUsage();
    return { cpuSeconds: (user + system) / 1e6, rssMiB: process.memoryUsage.rss() / 1_048_576, rssMiBMax: maxRSS / 1024, rows: await process_.count() };
  };
  const stop = () => void process_.stop().finally(() => process.exit(0));
  process.on('message', (ask: Ask) => {
    if (ask === 'stop') return stop();
    void (ask === 'drain' ? process_.drain() : Promise.resolve()).then(figures).then((answer) => process.send?.(answer));
  });
  process.on('disconnect', stop);
  process.send?.({ url });
}
