import type { ClosedPeriod, SnapshotDifference } from '#billing';
import type { Balance, ProjectionDifference } from '#ledger';
import { formatMicros, type Wire } from '#platform';
import type { Command } from 'commander';
import { table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface PeriodAnswer {
  customerId: string;
  period: { label: string };
  timeZone: string | null;
  status: string;
  lockedAt: string | null;
  snapshotSha256: string | null;
  closeError: string | null;
}

/** `astrolabe periods` and `astrolabe ledger`: the books, and whether they are what they are made of. */
export function addBooks(parent: Command, terminal: Terminal): void {
  addPeriods(parent, terminal);
  addLedger(parent, terminal);
}

function addPeriods(parent: Command, terminal: Terminal): void {
  const periods = parent.command('periods').description("the months of customers' books");

  serviceCommand(periods, 'list', 'read')
    .description('which there are, and which are locked')
    .option('--customer <id>', 'of one customer')
    .action(async (options: ServiceOptions & { customer?: string }) => {
      const answer = await clientOf(options, terminal).get<{ periods: PeriodAnswer[] }>(`/api/v1/periods?${customerQuery(options)}`);
      const rows = answer.periods.map((one) => [one.customerId, one.period.label, one.status, one.timeZone ?? '', one.snapshotSha256?.slice(0, 12) ?? '', one.closeError ?? '']);
      printResult(terminal, options.json === true, answer, () => (rows.length === 0 ? ['Nothing is booked yet.'] : table([['customer', 'period', 'status', 'time zone', 'sha256', 'last error'], ...rows])));
    });

  serviceCommand(periods, 'close', 'operate')
    .description('book the terms of what is over, and lock what is past its grace; exits with 1 where a period cannot be closed')
    .option('--customer <id>', 'of one customer')
    .action(async (options: ServiceOptions & { customer?: string }) => {
      const answer = await clientOf(options, terminal).send<{ periods: Wire<ClosedPeriod>[] }>('POST', '/api/v1/periods/close', options.customer === undefined ? {} : { customer: options.customer });
      if (answer.periods.some(({ result }) => result.kind === 'failed')) terminal.exitCode = 1;
      printResult(terminal, options.json === true, answer, () => describeClosed(answer.periods));
    });

  serviceCommand(periods, 'verify', 'read')
    .description('work out every locked period anew; exits with 1 where one is not what was locked any more')
    .action(async (options: ServiceOptions) => {
      const answer = await clientOf(options, terminal).get<{ verified: number; differences: SnapshotDifference[] }>('/api/v1/periods/verify');
      if (answer.differences.length > 0) terminal.exitCode = 1;
      printResult(terminal, options.json === true, answer, () => [
        `${answer.verified} locked ${answer.verified === 1 ? 'period was' : 'periods were'} worked out anew, ${answer.differences.length} differ.`,
        ...answer.differences.map(({ customerId, period, lockedSha256, nowSha256 }) => `${customerId} ${period}: was locked as ${lockedSha256}, is ${nowSha256}`),
      ]);
    });
}

function addLedger(parent: Command, terminal: Terminal): void {
  const ledger = parent.command('ledger').description('accounts and their balances');

  serviceCommand(ledger, 'balances', 'read')
    .description('by account and currency, of all time')
    .option('--customer <id>', 'what was booked for one customer')
    .action(async (options: ServiceOptions & { customer?: string }) => {
      const answer = await clientOf(options, terminal).get<{ balances: Wire<Balance>[] }>(`/api/v1/ledger/balances?${customerQuery(options)}`);
      const rows = answer.balances.map(({ account, currency, amountMicros }) => [account, `${formatMicros(BigInt(amountMicros))} ${currency}`]);
      printResult(terminal, options.json === true, answer, () => (rows.length === 0 ? ['Nothing is booked yet.'] : table([['account', 'balance'], ...rows])));
    });

  serviceCommand(ledger, 'verify', 'read')
    .description('add up every posting anew; exits with 1 where a sum that is kept is another')
    .action(async (options: ServiceOptions) => {
      const answer = await clientOf(options, terminal).get<{ differences: ProjectionDifference[] }>('/api/v1/ledger/verify');
      if (answer.differences.length > 0) terminal.exitCode = 1;
      printResult(terminal, options.json === true, answer, () => describeDifferences(answer.differences));
    });

  serviceCommand(ledger, 'rebuild', 'admin')
    .description('put what postings add up to in the place of the sums that are kept')
    .action(async (options: ServiceOptions) => {
      const answer = await clientOf(options, terminal).send<{ replaced: ProjectionDifference[] }>('POST', '/api/v1/ledger/rebuild');
      printResult(terminal, options.json === true, answer, () => [answer.replaced.length === 0 ? 'Every sum was right.' : answer.replaced.length === 1 ? 'One sum was made anew.' : `${answer.replaced.length} sums were made anew.`]);
    });
}

function describeClosed(periods: readonly Wire<ClosedPeriod>[]): string[] {
  if (periods.length === 0) return ['No period is over and not locked.'];
  const says = ({ result }: Wire<ClosedPeriod>) => (result.kind === 'locked' ? `locked, sha256 ${result.snapshotSha256}` : result.kind === 'failed' ? `failed: ${result.reason ?? ''}` : result.kind === 'settled' ? 'settled, within its grace' : 'unchanged, within its grace');
  return table([['customer', 'period', 'result'], ...periods.map((one) => [one.customerId, one.period, says(one)])]);
}

function describeDifferences(differences: readonly ProjectionDifference[]): string[] {
  if (differences.length === 0) return ['Every sum is what its postings add up to.'];
  return [
    ...differences.map(({ projection, customerId, key, kept, counted }) => `${projection} of ${customerId}, ${key}: is ${kept ?? 'missing'}, and its postings give ${counted ?? 'nothing'}`),
    'Find out who wrote them; "astrolabe ledger rebuild" then puts them right.',
  ];
}

function customerQuery({ customer }: { customer?: string }): string {
  return new URLSearchParams(customer === undefined ? {} : { customer }).toString();
}
