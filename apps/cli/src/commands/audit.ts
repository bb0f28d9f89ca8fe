import { resolve } from 'node:path';
import { canonicalJson, verifyAuditExport, type AuditEntry, type AuditHead, type AuditLine, type AuditVerdict } from '#platform';
import { InvalidArgumentError, type Command } from 'commander';
import { auditLinesIn, auditLinesOf } from '../audit-lines.js';
import { table } from '../figures.js';
import { interruptible } from '../interruptible.js';
import { intoFile } from '../into-file.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface ListOptions extends ServiceOptions {
  after?: string;
  limit?: string;
  action?: string;
  subject?: string;
}

interface AuditPage {
  entries: AuditEntry[];
  next: number | null;
}

const BROKEN = 1;

/** `astrolabe audit`: who did what, when and why, and whether that is still what was written down. */
export function addAudit(parent: Command, terminal: Terminal): void {
  const audit = parent.command('audit').description('who did what, when and why: list, export and verify it');

  serviceCommand(audit, 'list', 'read')
    .description('entries, the oldest first')
    .option('--after <sequence>', 'only later ones')
    .option('--limit <count>', 'how many, up to 500')
    .option('--action <action>', 'such as contract.activated')
    .option('--subject <subject>', 'a kind such as contract, or one of it such as contract:acme-support@1')
    .action(async ({ after, limit, action, subject, ...options }: ListOptions) => {
      const named = Object.entries({ after, limit, action, subject }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
      const page = await clientOf(options, terminal).get<AuditPage>(`/api/v1/audit?${new URLSearchParams(named)}`);
      printResult(terminal, options.json === true, page, () => describeList(page));
    });

  serviceCommand(audit, 'export', 'read')
    .description('write the whole log into a file, a line of JSON an entry, for "audit verify --file"')
    .requiredOption('--out <file>', 'where to')
    .option('--force', 'replace the file that is there')
    .action(async (options: ServiceOptions & { out: string; force?: true }) => {
      const file = resolve(options.out);
      const end = await interruptible((signal) => writeExport(file, options.force === true, auditLinesOf(clientOf(options, terminal), terminal.stderr, signal)));
      printResult(terminal, options.json === true, { file, ...end }, () => [`${file} has ${end.head.sequence} entries`, ...describeHead(end.head)]);
    });

  serviceCommand(audit, 'verify', 'read')
    .description('recompute the chain of hashes from the first entry to the last. Exit code 0 where it is whole, 1 where it is not')
    .option('--file <file>', 'verify an export, and ask no service')
    .option('--head <head...>', 'SEQUENCE:HASH as it was written down earlier; it must still be in the log', readHeads)
    .action(async (options: ServiceOptions & { file?: string; head?: AuditHead[] }) => {
      const { file } = options;
      const verify = (lines: AsyncIterable<AuditLine>) => verifyAuditExport(lines, options.head);
      const verdict = await (file === undefined ? interruptible((signal) => verify(auditLinesOf(clientOf(options, terminal), terminal.stderr, signal))) : verify(auditLinesIn(file, terminal.stderr)));
      printResult(terminal, options.json === true, { source: file ?? 'service', ...verdict }, () => describeVerdict(file ?? 'the log of the service', verdict));
      if (verdict.kind === 'broken') terminal.exitCode = BROKEN;
    });
}

async function writeExport(file: string, isReplacing: boolean, lines: AsyncIterable<AuditLine>): Promise<{ head: AuditHead; exportedAt: string }> {
  let end = { head: { sequence: 0, sha256: '' }, exportedAt: '' };
  const text = async function* () {
    for await (const line of lines) {
      if ('end' in line) end = line.end;
      yield `${canonicalJson(line)}\n`;
    }
  };
  await intoFile(file, isReplacing, text());
  return end;
}

function readHeads(text: string, earlier: AuditHead[] = []): AuditHead[] {
  const [, sequence = '', sha256 = ''] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (sha256 === '') throw new InvalidArgumentError(`"${text}" is not SEQUENCE:HASH, such as 12: and 64 hex digits`);
  return [...earlier, { sequence: Number(sequence), sha256: sha256.toLowerCase() }];
}

function describeList({ entries, next }: AuditPage): string[] {
  if (entries.length === 0) return ['no entry'];
  const rows = entries.map(({ sequence, at, actor, action, subject, reason }) => [String(sequence), at, `${actor.kind} ${actor.id}`, action, `${subject.kind}:${subject.id}`, reason ?? '']);
  return [...table([['entry', 'at', 'by', 'action', 'subject', 'reason'], ...rows]), ...(next === null ? [] : ['', `more: --after ${next}`])];
}

function describeVerdict(source: string, verdict: AuditVerdict): string[] {
  if (verdict.kind === 'broken') return [`${source} is not what was written down: ${verdict.fault.message} (${verdict.fault.kind.replaceAll('_', ' ')})`];
  return [`${source} is whole: ${verdict.head.sequence} entries`, ...describeHead(verdict.head)];
}

function describeHead({ sequence, sha256 }: AuditHead): string[] {
  return [`head ${sequence}:${sha256}`, '', 'Keep the head where nobody who can change the log can change it too; later: astrolabe audit verify --head HEAD'];
}
