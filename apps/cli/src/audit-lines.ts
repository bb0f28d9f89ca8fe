import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { DomainError, messageOf, parseInput, type AuditHead, type AuditLine, type Problem } from '#platform';
import { z } from 'zod';
import { startProgress } from './progress.js';
import type { ServiceClient } from './service-client.js';
import type { TextOutput } from './terminal.js';

const endLine = z.object({ end: z.object({ head: z.object({ sequence: z.number(), sha256: z.string() }), exportedAt: z.string() }) });

/** The whole log as the service has it now, with a bar. @throws DomainError `audit_incomplete` where the answer breaks off */
export async function* auditLinesOf(client: ServiceClient, output: TextOutput, signal: AbortSignal): AsyncGenerator<AuditLine> {
  const head = await client.get<AuditHead>('/api/v1/audit/head');
  const progress = startProgress(output, head.sequence, 'entries');
  let isWhole = false;
  try {
    for await (const line of client.lines<AuditLine | { problem: Pick<Problem, 'code' | 'detail'> }>('GET', '/api/v1/audit/export', undefined, signal)) {
      if ('problem' in line) throw new DomainError({ kind: 'unavailable', code: line.problem.code, message: line.problem.detail });
      isWhole = 'end' in line;
      progress.advance(isWhole ? 0 : 1);
      yield line;
    }
  } finally {
    progress.stop();
  }
  if (!isWhole) throw new DomainError({ kind: 'unavailable', code: 'audit_incomplete', message: 'The service broke off before the end of the log: try again' });
}

/** An export, line by line, with a bar over its bytes. @throws DomainError `input_file_not_found`, `input_file_unreadable`, `not_an_audit_export` */
export async function* auditLinesIn(path: string, output: TextOutput): AsyncGenerator<AuditLine> {
  const { size } = await stat(path).catch((cause: unknown) => unreadable(path, cause));
  const progress = startProgress(output, size, 'bytes');
  let number = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      progress.advance(Buffer.byteLength(text) + 1);
      yield lineOf(text, `${path}:${number}`);
    }
  } catch (cause) {
    unreadable(path, cause);
  } finally {
    progress.stop();
  }
}

// Of an entry only its hash says whether it is one.
function lineOf(text: string, place: string): AuditLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'not_an_audit_export', message: `${place} is not JSON: give a file that "astrolabe audit export" wrote`, cause });
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line)) {
    throw new DomainError({ kind: 'invalid', code: 'not_an_audit_export', message: `${place} is no entry: give a file that "astrolabe audit export" wrote` });
  }
  return 'end' in line ? parseInput(endLine, line, place) : (line as AuditLine);
}

function unreadable(path: string, cause: unknown): never {
  if (cause instanceof DomainError) throw cause;
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new DomainError({ kind: 'not_found', code: 'input_file_not_found', message: `${path} does not exist`, cause });
  throw new DomainError({ kind: 'invalid', code: 'input_file_unreadable', message: `${path} cannot be read: ${messageOf(cause)}`, cause });
}
