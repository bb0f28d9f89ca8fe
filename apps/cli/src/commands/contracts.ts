import { readContract, type Contract, type ContractStatus } from '#outcomes';
import { formatMicros } from '#platform';
import type { Command } from 'commander';
import { table } from '../figures.js';
import { readInputFile } from '../read-input-file.js';
import { clientOf, serviceCommand, type JsonOption, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface AppliedContract {
  id: string;
  version: number;
  customerId: string;
  status: ContractStatus;
}

interface ListedContract extends AppliedContract {
  createdAt: string;
  activatedAt: string | null;
}

/** `astrolabe contracts`: what customers pay for, as files that are checked, stored and activated. */
export function addContracts(parent: Command, terminal: Terminal): void {
  const contracts = parent.command('contracts').description('what customers pay for: check, apply and list contract files');

  contracts
    .command('check')
    .description('say what is wrong with a contract file, by line, and what would be right; needs no service')
    .argument('<file>', 'the contract, as YAML')
    .option('--json', 'print JSON')
    .action(async (file: string, options: JsonOption) => {
      const contract = readContract(await readInputFile(file), file);
      printResult(terminal, options.json === true, summaryOf(file, contract), () => describe(file, contract));
    });

  serviceCommand(contracts, 'apply', 'operate')
    .description('store a contract file as a draft; the same file again changes nothing')
    .argument('<file>', 'the contract, as YAML')
    .option('--activate', 'make this version the one that decides from now on')
    .action(async (file: string, options: ServiceOptions & { activate?: true }) => {
      const source = await readInputFile(file);
      // Checked here first: the file is at hand, and a service need not be.
      readContract(source, file);
      const client = clientOf(options, terminal);
      const applied = await client.send<AppliedContract>('POST', '/api/v1/contracts', { source, fileName: file });
      const path = `/api/v1/contracts/${encodeURIComponent(applied.id)}/versions/${applied.version}/activate`;
      const activated = options.activate === true ? await client.send<Pick<AppliedContract, 'status'>>('POST', path) : {};
      const result = { ...applied, ...activated, file };
      printResult(terminal, options.json === true, result, () => [`${result.id} version ${result.version}, for ${result.customerId}, is ${result.status}`]);
    });

  serviceCommand(contracts, 'list', 'read')
    .description('every version of every contract')
    .action(async (options: ServiceOptions) => {
      const result = await clientOf(options, terminal).get<{ contracts: ListedContract[] }>('/api/v1/contracts');
      printResult(terminal, options.json === true, result, () => describeList(result.contracts));
    });
}

function summaryOf(file: string, contract: Contract) {
  const { id, version, customer, agents, currency, timeZone, quietWindowMs, policies, exclusions, sourceSha256 } = contract;
  return {
    file,
    id,
    version,
    customerId: customer.id,
    agents,
    currency,
    timeZone,
    quietWindowMs,
    exclusions: exclusions.map(({ reason }) => reason),
    policies: policies.map(({ outcome, prices }) => ({ outcome, prices: Object.fromEntries(Object.entries(prices).map(([grade, amount]) => [grade, formatMicros(amount)])) })),
    sourceSha256,
  };
}

function describe(file: string, { id, version, customer, currency, policies, exclusions }: Contract): string[] {
  const pricesOf = (prices: Contract['policies'][number]['prices']) => {
    const amounts = Object.entries(prices).map(([grade, amount]) => ({ grade, amount: formatMicros(amount) }));
    const isOnePrice = amounts.length > 1 && new Set(amounts.map(({ amount }) => amount)).size === 1;
    return isOnePrice ? `${amounts[0]?.amount ?? ''} ${currency}` : amounts.map(({ grade, amount }) => `${grade} ${amount} ${currency}`).join(', ');
  };
  return [
    `${file} is a contract: ${id} version ${version}, with ${customer.name}`,
    '',
    ...exclusions.map(({ reason }) => `not billed: ${reason}`),
    ...policies.map(({ outcome, prices }) => `billed: ${outcome}, ${pricesOf(prices)}`),
  ];
}

function describeList(contracts: readonly ListedContract[]): string[] {
  if (contracts.length === 0) return ['No contract yet: astrolabe contracts apply FILE --activate'];
  const rows = contracts.map(({ id, version, customerId, status, activatedAt }) => [id, String(version), customerId, status, activatedAt ?? 'never']);
  return table([['contract', 'version', 'customer', 'status', 'activated'], ...rows]);
}
