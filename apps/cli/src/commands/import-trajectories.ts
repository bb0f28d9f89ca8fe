import { toExportBatches, type TrajectoryFormat } from '#evals';
import type { Command } from 'commander';
import { readCliEnvironment } from '../environment.js';
import { table, warningLines } from '../figures.js';
import { DEFAULT_ENDPOINT, OtlpSender } from '../otlp-sender.js';
import { startProgress } from '../progress.js';
import { printResult, type Terminal } from '../terminal.js';
import { formatOption, readTrajectoryFile } from '../trajectory-input.js';

interface Options {
  format: TrajectoryFormat;
  variant: string;
  customer: string;
  agent?: string;
  model?: string;
  endpoint?: string;
  key?: string;
  json?: true;
}

/** What was sent, and what the receiver took of it. */
interface ImportResult {
  file: string;
  format: TrajectoryFormat;
  variant: string;
  endpoint: string;
  conversations: number;
  turns: number;
  spans: number;
  /** Of `spans`, refused by the receiver, and why. */
  rejectedSpans: number;
  rejections: string[];
  warnings: readonly string[];
}

/** `astrolabe import trajectories`: sends recorded conversations as traces. Safe to repeat: the same file gives the same spans. */
export function addImportTrajectories(parent: Command, terminal: Terminal): void {
  parent
    .command('trajectories')
    .description('send the conversations of a results file to a running server as traces')
    .argument('<file>', 'results of tau-bench or tau2-bench')
    .addOption(formatOption())
    .requiredOption('--variant <name>', 'the variant that these conversations ran, as base or candidate')
    .option('--customer <id>', 'the customer whom the agent served', 'tau-bench')
    .option('--agent <name>', "the agent's name (default: from the file, as tau2-airline)")
    .option('--model <name>', "the agent's model where the file does not name it, as in tau1")
    .option('--endpoint <url>', `base URL of the OTLP receiver (default: $ASTROLABE_URL or ${DEFAULT_ENDPOINT})`)
    .option('--key <key>', 'API key with scope ingest (default: $ASTROLABE_API_KEY)')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const result = await importTrajectories(file, options, terminal);
      printResult(terminal, options.json === true, result, () => describeImport(result));
    });
}

async function importTrajectories(path: string, options: Options, terminal: Terminal): Promise<ImportResult> {
  const environment = readCliEnvironment(terminal.env);
  const sender = new OtlpSender({ endpoint: options.endpoint ?? environment.endpoint ?? DEFAULT_ENDPOINT, key: options.key ?? environment.key });
  const file = await readTrajectoryFile(options.format, path);
  const { format, variant } = options;
  const sent = { conversations: 0, turns: 0, spans: 0, rejectedSpans: 0, rejections: [] };
  const result: ImportResult = { file: path, format, variant, endpoint: sender.endpoint, ...sent, warnings: file.warnings };

  const progress = startProgress(terminal.stderr, file.trajectories.length);
  try {
    for (const batch of toExportBatches(file, { variant, customerId: options.customer, agentName: options.agent, model: options.model })) {
      const answer = await sender.send(batch.request);
      result.conversations += batch.conversations;
      result.turns += batch.turns;
      result.spans += batch.spans;
      result.rejectedSpans += answer.rejectedSpans;
      if (answer.message !== '') result.rejections = [...new Set([...result.rejections, answer.message])];
      progress.advance(batch.conversations);
    }
  } finally {
    progress.stop();
  }
  return result;
}

function describeImport(result: ImportResult): string[] {
  return [
    `${result.file} sent to ${result.endpoint} as variant ${result.variant}`,
    '',
    ...table([
      ['conversations', String(result.conversations)],
      ['turns', String(result.turns)],
      ['spans sent', String(result.spans)],
      ['spans rejected', String(result.rejectedSpans)],
    ]),
    ...warningLines([...result.rejections.map((message) => `the receiver says: ${message}`), ...result.warnings]),
  ];
}
