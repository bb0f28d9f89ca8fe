import { DomainError, type Problem } from '#platform';
import type { Command } from 'commander';
import { BundleWriter } from '../evidence/bundle-writer.js';
import { startProgress, type Progress } from '../progress.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface ExportOptions extends ServiceOptions {
  statement: string;
  currency?: string;
  timeZone?: string;
  out?: string;
  force?: true;
}

type Line = { progress: { done: number; total: number } } | { file: string; text: string } | { line: string; text: string } | { end: true } | { problem: Pick<Problem, 'code' | 'detail'> };

/** `astrolabe evidence`: what statements rest on, for whoever pays them. */
export function addEvidence(parent: Command, terminal: Terminal): void {
  const evidence = parent.command('evidence').description('what statements rest on, for whoever pays them');

  serviceCommand(evidence, 'export', 'read')
    .description('write a folder from which a statement can be recounted offline, with a program that does')
    .requiredOption('--statement <customer/period>', 'such as northwind/2026-11')
    .option('--currency <code>', 'where the customer has several in the month')
    .option('--time-zone <zone>', 'likewise')
    .option('--out <folder>', 'where to (default: evidence-CUSTOMER-PERIOD)')
    .option('--force', 'replace what is there')
    .action(async (options: ExportOptions) => {
      const [, customer = '', period = ''] = /^(.+)\/([^/]+)$/.exec(options.statement) ?? [];
      if (period === '') throw new DomainError({ kind: 'invalid', code: 'usage', message: `"${options.statement}" names no statement: write customer/period, such as northwind/2026-11` });
      const folder = options.out ?? `evidence-${customer.replace(/[^A-Za-z0-9._-]/g, '_')}-${period}`;
      const query = new URLSearchParams({ ...(options.currency !== undefined && { currency: options.currency }), ...(options.timeZone !== undefined && { timeZone: options.timeZone }) });
      const path = `/api/v1/customers/${encodeURIComponent(customer)}/statements/${encodeURIComponent(period)}/evidence?${query.toString()}`;
      const result = { folder, ...(await writeBundle(clientOf(options, terminal).lines<Line>('GET', path), new BundleWriter(folder, options.force === true), terminal)) };
      printResult(terminal, options.json === true, result, () => [`${folder}: ${result.bookings} bookings in ${result.files} files`, `root ${result.root}`, `verify it: node ${folder}/verify.mjs`]);
    });
}

async function writeBundle(lines: AsyncIterable<Line>, bundle: BundleWriter, terminal: Terminal): Promise<{ root: string; files: number; bookings: number }> {
  let progress: Progress | undefined;
  let done = 0;
  try {
    for await (const line of lines) {
      if ('problem' in line) throw new DomainError({ kind: 'unavailable', code: line.problem.code, message: line.problem.detail });
      if ('end' in line) return { ...bundle.finish(), bookings: done };
      if ('file' in line) bundle.file(line.file, line.text);
      else if ('line' in line) bundle.line(line.line, line.text);
      else {
        progress ??= startProgress(terminal.stderr, line.progress.total, 'bookings');
        progress.advance(line.progress.done - done);
        done = line.progress.done;
      }
    }
    throw new DomainError({ kind: 'unavailable', code: 'answer_broke_off', message: 'The service broke off before the bundle was whole: try again' });
  } catch (error) {
    bundle.abandon();
    throw error;
  } finally {
    progress?.stop();
  }
}
