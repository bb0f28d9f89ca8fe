import { DomainError } from '#platform';
import type { Command } from 'commander';
import { startProgress } from '../progress.js';
import { readInputFile } from '../read-input-file.js';
import type { ServiceClient } from '../service-client.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface Rejection {
  /** Of the file, from 1. */
  line: number;
  id: string | null;
  problem: string;
}

interface SendResult {
  file: string;
  accepted: number;
  /** Of those, with an id that was sent before: what came first stands. */
  repeated: number;
  rejected: Rejection[];
}

/** As `POST /api/v1/signals` answers. */
interface Answer {
  accepted: number;
  repeated: number;
  rejected: { index: number; id: string | null; problem: string }[];
}

interface Line {
  number: number;
  record: unknown;
}

const BATCH_SIGNALS = 1000;
const NOT_ALL_TAKEN = 1;

/** `astrolabe signals`: what systems of record know of conversations. */
export function addSignals(parent: Command, terminal: Terminal): void {
  const signals = parent.command('signals').description('what systems of record know of conversations: refunds, ratings, cases reopened');

  serviceCommand(signals, 'send', 'ingest')
    .description('send a file of signals, one JSON object a line; safe to repeat: an id counts once')
    .argument('<file>', 'lines such as {"id": "refund-17", "name": "refund_issued", "source": "system", "conversationId": "..."}')
    .action(async (file: string, options: ServiceOptions) => {
      const result = await sendFile(file, clientOf(options, terminal), terminal);
      printResult(terminal, options.json === true, result, () => describeSent(result));
      if (result.rejected.length > 0) terminal.exitCode = NOT_ALL_TAKEN;
    });
}

async function sendFile(file: string, client: ServiceClient, terminal: Terminal): Promise<SendResult> {
  const { lines, unreadable } = readLines(await readInputFile(file));
  const result: SendResult = { file, accepted: 0, repeated: 0, rejected: unreadable };
  const progress = startProgress(terminal.stderr, lines.length, 'signals');
  try {
    for (let at = 0; at < lines.length; at += BATCH_SIGNALS) {
      const batch = lines.slice(at, at + BATCH_SIGNALS);
      const answer = await sendBatch(client, batch.map(({ record }) => record));
      result.accepted += answer.accepted;
      result.repeated += answer.repeated;
      result.rejected.push(...answer.rejected.map(({ index, id, problem }) => ({ line: batch[index]?.number ?? 0, id, problem })));
      progress.advance(batch.length);
    }
  } finally {
    progress.stop();
  }
  result.rejected.sort((a, b) => a.line - b.line);
  return result;
}

// A batch of which nothing can be taken is an error to the service; here it is one more part of the list.
async function sendBatch(client: ServiceClient, signals: unknown[]): Promise<Answer> {
  try {
    return await client.send<Answer>('POST', '/api/v1/signals', { signals });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_signals') throw error;
    return { accepted: 0, repeated: 0, rejected: error.details?.['rejected'] as Answer['rejected'] };
  }
}

function readLines(text: string): { lines: Line[]; unreadable: Rejection[] } {
  const lines: Line[] = [];
  const unreadable: Rejection[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      lines.push({ number: index + 1, record: JSON.parse(line) });
    } catch {
      unreadable.push({ line: index + 1, id: null, problem: 'it is no JSON: write one object a line' });
    }
  }
  return { lines, unreadable };
}

function describeSent({ file, accepted, repeated, rejected }: SendResult): string[] {
  return [
    `${file}: ${accepted} signals taken${repeated > 0 ? `, ${repeated} of them sent before` : ''}, ${rejected.length} not taken`,
    ...rejected.map(({ line, id, problem }) => `line ${line}${id === null ? '' : ` (${id})`}: ${problem}`),
  ];
}
