import { DomainError, type Scope } from '#platform';
import type { Command } from 'commander';
import { readCliEnvironment } from './environment.js';
import { DEFAULT_ENDPOINT } from './otlp-sender.js';
import { ServiceClient } from './service-client.js';
import type { Terminal } from './terminal.js';

export interface JsonOption {
  json?: true;
}

export interface ServiceOptions extends JsonOption {
  endpoint?: string;
  key?: string;
}

/** A command that asks a running service, with the options that say which and as whom. */
export function serviceCommand(parent: Command, name: string, scope: Scope): Command {
  return parent
    .command(name)
    .option('--endpoint <url>', `base URL of the service (default: $ASTROLABE_URL or ${DEFAULT_ENDPOINT})`)
    .option('--key <key>', `API key with scope ${scope} (default: $ASTROLABE_API_KEY)`)
    .option('--json', 'print JSON');
}

/** The service that those options, or else the environment, name. @throws DomainError `usage` when the address is none */
export function clientOf(options: ServiceOptions, terminal: Terminal): ServiceClient {
  const environment = readCliEnvironment(terminal.env);
  const endpoint = options.endpoint ?? environment.endpoint ?? DEFAULT_ENDPOINT;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new DomainError({ kind: 'invalid', code: 'usage', message: `"${endpoint}" is not a base URL such as ${DEFAULT_ENDPOINT}` });
  }
  return new ServiceClient(endpoint, options.key ?? environment.key);
}
