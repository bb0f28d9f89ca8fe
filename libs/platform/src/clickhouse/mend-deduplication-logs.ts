import { appendFileSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/*
 * An insert under a token is made once, because a table keeps a log of the tokens it has seen. The engine writes a token into that log before
 * it gives the rows their place (MergeTreeSink: addPart, then renameTempPartAndAdd). It runs in our process, so a kill between the two ends
 * both: the rows are nowhere, and the same insert, made again after the start, is taken for a copy. So before the engine opens a directory,
 * tokens whose rows are nowhere are taken out of the logs, by the record that the engine itself writes when it drops rows.
 *
 * A log is lines of operation, part and token, apart by tabs (MergeTreeDeduplicationLog.cpp). Rows that were merged stand in a part that
 * covers theirs. Safe to repeat, and harmless for a token that nobody will use again.
 */

const ADDED = '1';
const DROPPED = '2';
const LOGS = 'deduplication_logs';
const LOG = /^deduplication_log_(\d+)\.txt$/;
// Partition, first and last block, level, and the mutation if there was one.
const PART = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;

interface Part {
  partition: string;
  first: number;
  last: number;
}

/** @returns how many tokens were taken out of the logs of the tables in an embedded engine's directory */
export function mendDeduplicationLogs(directory: string): number {
  return tablesIn(join(directory, 'store')).reduce((sum, table) => sum + mendTable(table), 0);
}

/** Directories of tables that keep a log. */
function tablesIn(store: string): string[] {
  if (!existsSync(store)) return [];
  const tables = readdirSync(store).flatMap((group) => readdirSync(join(store, group)).map((table) => join(store, group, table)));
  return tables.filter((table) => existsSync(join(table, LOGS)));
}

function mendTable(table: string): number {
  const logs = readdirSync(join(table, LOGS)).flatMap((name) => (LOG.test(name) ? [{ path: join(table, LOGS, name), number: Number(LOG.exec(name)?.[1]) }] : []));
  logs.sort((a, b) => a.number - b.number);
  const newest = logs.at(-1);
  if (!newest) return 0;
  const parts = readdirSync(table).flatMap((name) => partOf(name) ?? []);
  const lost = [...tokensIn(logs.map(({ path }) => readFileSync(path, 'utf8')).join(''))].filter(([, part]) => !isCovered(part, parts));
  appendFileSync(newest.path, lost.map(([token, part]) => `${DROPPED}\t${part}\t${token}\n`).join(''));
  return lost.length;
}

/** From each token to the part that its rows went into. */
function tokensIn(log: string): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const line of log.split('\n')) {
    const [operation, part = '', token = ''] = line.split('\t');
    if (operation === ADDED) tokens.set(token, part);
    if (operation === DROPPED) tokens.delete(token);
  }
  return tokens;
}

// A name that we do not understand is left alone.
function isCovered(name: string, parts: readonly Part[]): boolean {
  const part = partOf(name);
  return part === undefined || parts.some(({ partition, first, last }) => partition === part.partition && first <= part.first && last >= part.last);
}

function partOf(name: string): Part | undefined {
  const [, partition, first, last] = PART.exec(name) ?? [];
  return partition === undefined ? undefined : { partition, first: Number(first), last: Number(last) };
}
