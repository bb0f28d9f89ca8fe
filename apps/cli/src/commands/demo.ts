import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { describeFigures } from '../demo/demo-figures.js';
import { demoSteps, runDemo } from '../demo/run-demo.js';
import { startProgress } from '../progress.js';
import { printResult, type Terminal } from '../terminal.js';

interface Options {
  once?: true;
  json?: true;
  data: string;
  port: number;
  sandboxPort: number;
  conversations: number;
  trials: number;
  seed: number;
}

/** `astrolabe demo`: the main job on embedded stores, then serves until interrupted. Safe to repeat on the same data directory. */
export function addDemo(parent: Command, terminal: Terminal): void {
  parent
    .command('demo')
    .description('do the main job end to end on embedded stores, then serve the pages')
    .option('--once', 'exit when the figures are there, instead of serving')
    .option('--data <directory>', 'where everything is kept', './data/demo')
    .option('--port <n>', 'port of the service; 0 takes a free one', wholeNumber, 4318)
    .option('--sandbox-port <n>', 'port of the Stripe sandbox; 0 takes a free one', wholeNumber, 0)
    .option('--conversations <n>', 'how many customers talk to the agent', wholeNumber, 120)
    .option('--trials <n>', 'trials of every scenario and variant', wholeNumber, 3)
    .option('--seed <n>', 'another seed is another day of conversations', wholeNumber, 7)
    .option('--json', 'print the figures as one JSON object')
    .action(async (options: Options) => {
      const demo = { ...options, dataDirectory: resolve(options.data) };
      const progress = startProgress(terminal.stderr, await demoSteps(demo), 'starting the service');
      const running = await runDemo(demo, progress).finally(() => progress.stop());
      printResult(terminal, options.json === true, running.figures, () => describeFigures(running.figures));
      if (options.once !== true) await untilInterrupted(terminal);
      await running.stop();
    });
}

function untilInterrupted(terminal: Terminal): Promise<void> {
  terminal.stderr.write('\nServing until interrupted (Ctrl-C).\n');
  return new Promise((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}
