import { parseArgs } from 'node:util';
import { DomainError, messageOf } from '#platform';
import type { StripeSandboxOptions } from './start-stripe-sandbox.js';

const DEFAULT_PORT = '12111';
const DEFAULT_DIRECTORY = './data/stripe-sandbox';

const USAGE = `Usage: stripe-sandbox [--port ${DEFAULT_PORT}] [--directory ${DEFAULT_DIRECTORY}] [--calls-per-second <number>]
  [--finalization-grace-seconds 3600] [--summary-lag-seconds 0] [--validation-lag-seconds 0]`;

/** The command line as options. @throws DomainError `bad_usage` */
export function readArguments(args: readonly string[]): StripeSandboxOptions {
  const given = parse(args);
  const port = wholeNumber('--port', given.port, 0, 65_535) ?? 0;
  return {
    port,
    directory: given.directory,
    limits: { callsPerSecondMax: wholeNumber('--calls-per-second', given['calls-per-second'], 1) },
    behaviour: {
      finalizationGraceSeconds: wholeNumber('--finalization-grace-seconds', given['finalization-grace-seconds']),
      summaryLagSeconds: wholeNumber('--summary-lag-seconds', given['summary-lag-seconds']),
      validationLagSeconds: wholeNumber('--validation-lag-seconds', given['validation-lag-seconds']),
    },
  };
}

function parse(args: readonly string[]) {
  const value = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { ...value, default: DEFAULT_PORT },
        directory: { ...value, default: DEFAULT_DIRECTORY },
        'calls-per-second': value,
        'finalization-grace-seconds': value,
        'summary-lag-seconds': value,
        'validation-lag-seconds': value,
      },
    }).values;
  } catch (error) {
    throw badUsage(`${messageOf(error)}\n${USAGE}`);
  }
}

function wholeNumber(name: string, text: string | undefined, min = 0, max = 31_536_000): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,8}$/.test(text) || Number(text) < min || Number(text) > max) {
    throw badUsage(`${name} ${text} is not a whole number from ${min} to ${max}.\n${USAGE}`);
  }
  return Number(text);
}

function badUsage(message: string): DomainError {
  return new DomainError({ kind: 'invalid', code: 'bad_usage', message });
}
