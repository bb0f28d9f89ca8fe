import { resolve } from 'node:path';
import { minorDigits, parseStatementId, writeBundle, type EvidenceRecord, type NamedStatement, type WrittenBundle } from '#billing';
import { DomainError, formatDecimal, type Problem } from '#platform';
import type { Command } from 'commander';
import { interruptible } from '../interruptible.js';
import { startProgress, type Progress } from '../progress.js';
import type { ServiceClient } from '../service-client.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

type Line = EvidenceRecord | { problem: Pick<Problem, 'code' | 'detail'> };

interface ExportOptions extends ServiceOptions {
  statement: string;
  timeZone?: string;
  out?: string;
  force?: true;
}

/** `astrolabe evidence`: what a customer needs to recount a statement without us. */
export function addEvidence(parent: Command, terminal: Terminal): void {
  const evidence = parent.command('evidence').description('what a statement rests on, for its customer to recount offline');

  serviceCommand(evidence, 'export', 'read')
    .description('write a statement with every decision in it, the contracts and a verifier into a directory')
    .requiredOption('--statement <id>', 'customer, month and currency, such as northwind/2026-11/USD; without the currency where there is one')
    .option('--time-zone <zone>', 'whose month it is, where there are several')
    .option('--out <directory>', 'where to (default: evidence-CUSTOMER-MONTH-CURRENCY)')
    .option('--force', 'replace the evidence that is there')
    .action(async (options: ExportOptions) => {
      const named = parseStatementId(options.statement);
      const directory = resolve(options.out ?? `evidence-${options.statement.replace(/[^\w.]+/g, '-')}`);
      const written = await interruptible((signal) => writeBundle(directory, options.force === true, watched(recordsOf(clientOf(options, terminal), named, options.timeZone, signal), terminal)));
      printResult(terminal, options.json === true, summaryOf(directory, written), () => describe(directory, written));
    });
}

async function* recordsOf(client: ServiceClient, { customerId, period, currency }: NamedStatement, timeZone: string | undefined, signal: AbortSignal): AsyncGenerator<EvidenceRecord> {
  const choice = new URLSearchParams({ ...(currency !== undefined && { currency }), ...(timeZone !== undefined && { timeZone }) });
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/statements/${period}/evidence?${choice}`;
  for await (const line of client.lines<Line>('GET', path, undefined, signal)) {
    if ('problem' in line) throw new DomainError({ kind: 'unavailable', code: line.problem.code, message: line.problem.detail });
    yield line;
  }
}

/** The same records, with a bar that says how many of the decisions are there. */
async function* watched(records: AsyncIterable<EvidenceRecord>, terminal: Terminal): AsyncGenerator<EvidenceRecord> {
  let progress: Progress | undefined;
  try {
    for await (const record of records) {
      if ('statement' in record) progress = startProgress(terminal.stderr, record.statement.bookings + record.statement.notBilled, 'decisions');
      if ('booking' in record || 'notBilled' in record) progress?.advance(1);
      yield record;
    }
  } finally {
    progress?.stop();
  }
}

function summaryOf(directory: string, { statement, rootSha256, files }: WrittenBundle) {
  const { id, status, bookings, notBilled, currency, totalMicros, totalMinor, exportedAt } = statement;
  return { directory, statement: id, status, exportedAt, bookings, notBilled, currency, totalMicros, totalMinor, rootSha256, files };
}

function describe(directory: string, { statement, rootSha256 }: WrittenBundle): string[] {
  const { id, bookings, notBilled, currency, totalMinor, status, statusInWords } = statement;
  const digits = minorDigits(currency);
  return [
    `${directory} has the evidence of ${id}: ${bookings} bookings, ${formatDecimal(BigInt(totalMinor), digits, digits)} ${currency} to pay, and ${notBilled} decisions that were not billed`,
    ...(status === 'open' ? [`${statusInWords}.`] : []),
    `root hash ${rootSha256}`,
    '',
    'Give the directory to the customer, and tell them the root hash on another way. They recount it with: node verify.mjs',
  ];
}
