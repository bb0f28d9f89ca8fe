import { contractJsonSchema, diffContracts, pricesText, readContract, summarizeContract, termsOf, type Contract, type ContractStatus, type TermChange } from '#outcomes';
import { DomainError } from '#platform';
import type { Command } from 'commander';
import { isContractFile, parseVersion } from '../contract-name.js';
import { table } from '../figures.js';
import { readInputFile } from '../read-input-file.js';
import type { ServiceClient } from '../service-client.js';
import { clientOf, serviceCommand, type JsonOption, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';
import { addContractsReplay } from './contracts-replay.js';

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

interface Reason {
  reason?: string;
}

/** `astrolabe contracts`: what customers pay for, as files that are checked, stored and activated. */
export function addContracts(parent: Command, terminal: Terminal): void {
  const contracts = parent.command('contracts').description('what customers pay for: check, compare, apply and activate contract files');

  contracts
    .command('check')
    .description('say what is wrong with a contract file, by line, and what would be right; needs no service')
    .argument('<file>', 'the contract, as YAML')
    .option('--json', 'print JSON')
    .action(async (file: string, options: JsonOption) => {
      const contract = readContract(await readInputFile(file), file);
      printResult(terminal, options.json === true, { file, ...summarizeContract(contract) }, () => describe(file, contract));
    });

  contracts
    .command('schema')
    .description('the JSON Schema of contract files, for editors')
    .action(() => void terminal.stdout.write(`${JSON.stringify(contractJsonSchema(), null, 2)}\n`));

  serviceCommand(contracts, 'show', 'read')
    .description('what a version says, term by term; without a version the one that was activated last, or else the newest')
    .argument('<contract>', 'its id, or id@version')
    .option('--source', 'the file as it was applied')
    .action(async (name: string, options: ServiceOptions & { source?: true }) => {
      const { contract, status } = await readVersion(clientOf(options, terminal), name);
      if (options.source === true && options.json !== true) return void terminal.stdout.write(contract.source);
      printResult(terminal, options.json === true, { file: name, ...summarizeContract(contract), status, source: contract.source }, () => describeTerms(contract, status));
    });

  serviceCommand(contracts, 'diff', 'read')
    .description('what changes from one version to another: id@version, or files; of two files no service is asked. Exit code 0 where nothing does')
    .argument('<before>', 'id@version, or a file')
    .argument('<after>', 'id@version, or a file')
    .action(async (before: string, after: string, options: ServiceOptions) => {
      const read = async (name: string) => (isContractFile(name) ? readContract(await readInputFile(name), name) : (await readVersion(clientOf(options, terminal), name)).contract);
      const [was, is] = [await read(before), await read(after)];
      const changes = diffContracts(was, is);
      printResult(terminal, options.json === true, { before: { id: was.id, version: was.version }, after: { id: is.id, version: is.version }, changes }, () => describeChanges(was, is, changes));
    });

  serviceCommand(contracts, 'activate', 'operate')
    .description('make a version that was applied decide from now on')
    .argument('<contract>', 'id@version')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (name: string, options: ServiceOptions & Reason) => {
      const { id, version } = parseVersion(name);
      if (version === undefined) throw noVersion(name);
      const activated = await activate(clientOf(options, terminal), id, version, options);
      printResult(terminal, options.json === true, activated, () => [`${activated.id} version ${activated.version} is ${activated.status}`]);
    });

  serviceCommand(contracts, 'apply', 'operate')
    .description('store a contract file as a draft; the same file again changes nothing')
    .argument('<file>', 'the contract, as YAML')
    .option('--activate', 'make this version the one that decides from now on')
    .option('--reason <text>', 'why it is activated, for the audit log')
    .action(async (file: string, options: ServiceOptions & Reason & { activate?: true }) => {
      const source = await readInputFile(file);
      // Checked here first: the file is at hand, and a service need not be.
      readContract(source, file);
      const client = clientOf(options, terminal);
      const applied = await client.send<AppliedContract>('POST', '/api/v1/contracts', { source, fileName: file });
      const activated = options.activate === true ? await activate(client, applied.id, applied.version, options) : {};
      const result = { ...applied, ...activated, file };
      printResult(terminal, options.json === true, result, () => [`${result.id} version ${result.version}, for ${result.customerId}, is ${result.status}`]);
    });

  addContractsReplay(contracts, terminal);

  serviceCommand(contracts, 'list', 'read')
    .description('every version of every contract')
    .action(async (options: ServiceOptions) => {
      const result = await clientOf(options, terminal).get<{ contracts: ListedContract[] }>('/api/v1/contracts');
      printResult(terminal, options.json === true, result, () => describeList(result.contracts));
    });
}

function activate(client: ServiceClient, id: string, version: number, { reason }: Reason): Promise<Pick<AppliedContract, 'id' | 'version' | 'status'>> {
  return client.send('POST', `${pathOf(id, version)}/activate`, reason === undefined ? undefined : { reason });
}

/** Version of a contract that the service has. */
async function readVersion(client: ServiceClient, name: string): Promise<{ contract: Contract; status: ContractStatus }> {
  const { id, version } = parseVersion(name);
  const { contracts } = await client.get<{ contracts: (ListedContract & { source: string })[] }>('/api/v1/contracts');
  const ofContract = contracts.filter((contract) => contract.id === id);
  const found = version === undefined ? (ofContract.find(({ status }) => status === 'active') ?? ofContract[0]) : ofContract.find((contract) => contract.version === version);
  if (found) return { contract: readContract(found.source, name), status: found.status };
  const known = ofContract.length > 0 ? `versions ${ofContract.map((contract) => contract.version).join(', ')}` : `contracts ${[...new Set(contracts.map((contract) => contract.id))].join(', ') || '(none)'}`;
  throw new DomainError({ kind: 'not_found', code: 'contract_not_found', message: `There is no contract ${name}: the service has ${known}` });
}

function noVersion(name: string): DomainError {
  return new DomainError({ kind: 'invalid', code: 'version_missing', message: `"${name}" names no version: write ${name}@1` });
}

function pathOf(id: string, version: number): string {
  return `/api/v1/contracts/${encodeURIComponent(id)}/versions/${version}`;
}

function describe(file: string, { id, version, customer, currency, policies, exclusions }: Contract): string[] {
  return [
    `${file} is a contract: ${id} version ${version}, with ${customer.name}`,
    '',
    ...exclusions.map(({ reason }) => `not billed: ${reason}`),
    ...policies.map(({ outcome, prices }) => `billed: ${outcome}, ${pricesText(prices, currency)}`),
  ];
}

function describeTerms(contract: Contract, status?: ContractStatus): string[] {
  const heading = `${contract.id} version ${contract.version}${status ? `, ${status}` : ''}`;
  return [heading, '', ...table(termsOf(contract).map(({ name, says }) => [name, says]))];
}

function describeChanges(before: Contract, after: Contract, changes: readonly TermChange[]): string[] {
  const heading = `${before.id} version ${before.version} -> ${after.id} version ${after.version}`;
  if (changes.length === 0) return [`${heading}: nothing differs that decides about outcomes or money`];
  return [heading, ...changes.flatMap(({ name, before: was, after: is }) => ['', name, ...(was === null ? [] : [`  - ${was}`]), ...(is === null ? [] : [`  + ${is}`])])];
}

function describeList(contracts: readonly ListedContract[]): string[] {
  if (contracts.length === 0) return ['No contract yet: astrolabe contracts apply FILE --activate'];
  const rows = contracts.map(({ id, version, customerId, status, activatedAt }) => [id, String(version), customerId, status, activatedAt ?? 'never']);
  return table([['contract', 'version', 'customer', 'status', 'activated'], ...rows]);
}
