import { readSpool, retrySegment, inspectSegment, spoolDirectory, type SpoolListing, type SegmentInspection } from '#traces';
import type { Command } from 'commander';
import { readCliEnvironment } from '../environment.js';
import { table } from '../figures.js';
import type { JsonOption } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface SpoolOptions extends JsonOption {
  dataDir?: string;
}

/** `astrolabe spool`: what a receiver has on disk, and what the store refused of it. Works on its data directory, running or not. */
export function addSpool(parent: Command, terminal: Terminal): void {
  const directoryOf = ({ dataDir }: SpoolOptions) => spoolDirectory({ DATA_DIR: dataDir ?? readCliEnvironment(terminal.env).dataDirectory });
  const spool = parent.command('spool').description("a receiver's spool on this machine: what waits for the store, and what the store refused");
  const command = (name: string) => spool.command(name).option('--data-dir <path>', "the receiver's data directory (default: $DATA_DIR or ./data)").option('--json', 'print JSON');

  command('list')
    .description('segments that wait, and segments that were refused, with the reason')
    .action((options: SpoolOptions) => {
      const listing = readSpool(directoryOf(options));
      printResult(terminal, options.json === true, listing, () => describeListing(listing));
    });

  command('inspect')
    .description('what is in a segment: rows by table and organization, when they happened, and where it is damaged')
    .argument('<segment>', 'the id of the segment, as list shows it')
    .action((segment: string, options: SpoolOptions) => {
      const inspection = inspectSegment(directoryOf(options), segment);
      printResult(terminal, options.json === true, inspection, () => describeInspection(inspection));
    });

  command('retry')
    .description('give a refused segment to the store again, after its cause was mended; a running receiver takes it within seconds')
    .argument('<segment>', 'the id of the segment, or "all"')
    .action(async (segment: string, options: SpoolOptions) => {
      const retried = await retrySegment(directoryOf(options), segment);
      printResult(terminal, options.json === true, { retried }, () => [retried.length === 0 ? 'no segment was refused' : `to be loaded again: ${retried.join(', ')}`]);
    });
}

function describeListing({ waiting, refused, waitingBytes }: SpoolListing): string[] {
  const rows = [...waiting.map((segment) => [segment.id, segment.state, String(segment.bytes), '']), ...refused.map((segment) => [segment.id, 'refused', String(segment.bytes), segment.reason])];
  const summary = `${waiting.length} segments wait (${waitingBytes} bytes), ${refused.length} were refused`;
  return rows.length === 0 ? [summary] : [...table([['segment', 'state', 'bytes', 'reason'], ...rows]), summary];
}

function describeInspection(inspection: SegmentInspection): string[] {
  const { id, state, reason, frames, goodBytes, badBytes, parts } = inspection;
  const rows = parts.map((part) => [part.table, part.organizationId, String(part.rows), part.from ?? '', part.until ?? '']);
  return [
    `${id}: ${state}, ${frames} frames, ${goodBytes} bytes are whole and ${badBytes} are not`,
    ...(reason === undefined ? [] : [`reason: ${reason}`]),
    ...(rows.length === 0 ? [] : table([['table', 'organization', 'rows', 'from', 'until'], ...rows])),
    ...inspection.problems,
  ];
}
