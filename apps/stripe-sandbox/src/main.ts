import { parseArgs } from 'node:util';
import { DomainError, messageOf } from '#platform';
import { startStripeSandbox } from './start-stripe-sandbox.js';

const DEFAULT_PORT = '12111';
const DEFAULT_DIRECTORY = './data/stripe-sandbox';

try {
  const { port, directory } = readArguments();
  const sandbox = await startStripeSandbox({ port, directory });
  process.stdout.write(`Stripe sandbox (not Stripe) on ${sandbox.url}, data in ${directory}\n`);
  const stop = (): void => void sandbox.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

function readArguments(): { port: number; directory: string } {
  const { port, directory } = parse();
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw badUsage(`--port ${port} is not a port; give a number from 0 to 65535.`);
  return { port: Number(port), directory };
}

function parse(): { port: string; directory: string } {
  try {
    return parseArgs({
      options: { port: { type: 'string', default: DEFAULT_PORT }, directory: { type: 'string', default: DEFAULT_DIRECTORY } },
    }).values;
  } catch (error) {
    throw badUsage(`${messageOf(error)}\nUsage: stripe-sandbox [--port ${DEFAULT_PORT}] [--directory ${DEFAULT_DIRECTORY}]`);
  }
}

function badUsage(message: string): DomainError {
  return new DomainError({ kind: 'invalid', code: 'bad_usage', message });
}
