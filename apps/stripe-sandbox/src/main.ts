import { messageOf } from '#platform';
import { readArguments } from './read-arguments.js';
import { startStripeSandbox } from './start-stripe-sandbox.js';

try {
  const options = readArguments(process.argv.slice(2));
  const sandbox = await startStripeSandbox(options);
  process.stdout.write(`Stripe sandbox (not Stripe) on ${sandbox.url}, data in ${options.directory}\n`);
  const stop = (): void => void sandbox.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
