import { scopes, type Scope } from '#platform';
import { Option, type Command } from 'commander';
import { table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface CreatedKey {
  id: string;
  name: string;
  scopes: Scope[];
  secret: string;
}

interface ListedKey {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: string;
  revokedAt: string | null;
}

/** `astrolabe keys`: who may call the service, and to do what. Each command needs a key with scope admin. */
export function addKeys(parent: Command, terminal: Terminal): void {
  const keys = parent.command('keys').description('API keys: create, list and revoke them');

  serviceCommand(keys, 'create', 'admin')
    .description('make a key that may do no more than what it is for; its secret is shown this once')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(new Option('--scope <scope...>', 'what it may do; repeat it for more than one').choices(scopes).makeOptionMandatory())
    .action(async ({ name, scope, ...options }: ServiceOptions & { name: string; scope: Scope[] }) => {
      const created = await clientOf(options, terminal).send<CreatedKey>('POST', '/api/v1/keys', { name, scopes: scope });
      printResult(terminal, options.json === true, created, () => [`${created.id}, ${created.name}, may ${created.scopes.join(', ')}; shown this once:`, created.secret]);
    });

  serviceCommand(keys, 'list', 'admin')
    .description('every key, without its secret')
    .action(async (options: ServiceOptions) => {
      const result = await clientOf(options, terminal).get<{ keys: ListedKey[] }>('/api/v1/keys');
      printResult(terminal, options.json === true, result, () => describeList(result.keys));
    });

  serviceCommand(keys, 'revoke', 'admin')
    .description('make a key useless; revoking it again changes nothing')
    .argument('<id>', 'the id of the key, as list shows it')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (id: string, { reason, ...options }: ServiceOptions & { reason?: string }) => {
      await clientOf(options, terminal).send('DELETE', `/api/v1/keys/${encodeURIComponent(id)}`, reason === undefined ? undefined : { reason });
      printResult(terminal, options.json === true, { id, status: 'revoked' }, () => [`${id} is revoked`]);
    });
}

function describeList(keys: readonly ListedKey[]): string[] {
  const rows = keys.map(({ id, name, scopes: granted, createdAt, revokedAt }) => [id, name, granted.join(', '), createdAt, revokedAt ?? 'no']);
  return table([['key', 'name', 'scopes', 'created', 'revoked'], ...rows]);
}
