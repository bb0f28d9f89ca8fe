import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, Caller, DomainError, NeedsScope, messageOf, parseInput, type Principal } from '#platform';
import { evidenceGrades } from '#outcomes';
import { EvidenceReader, StatementReader, type EvidencePart } from '#billing';
import { toWire } from '../wire.js';

const choiceSchema = z.object({
  timeZone: z.string().min(1).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as USD').optional(),
});

const lineSchema = choiceSchema.extend({
  outcome: z.string().min(1),
  grade: z.enum(evidenceGrades),
  kind: z.enum(['outcome', 'reversal']).default('outcome'),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/**
 * Statements, down to the decisions behind each line. Amounts are strings of digits: `...Micros` are millionths of the currency and exact,
 * `...Minor` its smallest unit, rounded once per line.
 */
@Controller('api/v1')
@UseGuards(ApiKeyGuard)
@NeedsScope('read')
export class StatementsController {
  constructor(
    private readonly statements: StatementReader,
    private readonly evidence: EvidenceReader,
  ) {}

  /** Every statement of the organization, newest period first. */
  @Get('statements')
  async list(@Caller() caller: Principal) {
    return { statements: toWire(await this.statements.list(caller.organizationId)) };
  }

  /** One customer and month. `?timeZone=` and `?currency=` choose where there are several. 404 `statement_not_found`, 409 `statement_not_unique`. */
  @Get('customers/:customer/statements/:period')
  async read(@Caller() caller: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown) {
    const choice = parseInput(choiceSchema, query, 'the query');
    return toWire(await this.statements.read(caller.organizationId, customer, period, choice));
  }

  /** The decisions behind one line: `?outcome=&grade=`, `&kind=reversal` for what was taken back, `&cursor=&limit=` for pages. */
  @Get('customers/:customer/statements/:period/outcomes')
  async outcomes(@Caller() caller: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown) {
    const { outcome, grade, kind, cursor, limit, ...choice } = parseInput(lineSchema, query, 'the query');
    const statement = await this.statements.read(caller.organizationId, customer, period, choice);
    const line = { organizationId: caller.organizationId, customerId: customer, period: statement.period, currency: statement.currency, outcome, grade, kind };
    return toWire(await this.statements.outcomesOf(line, { cursor, limit }));
  }

  /**
   * All that a statement rests on, as newline-delimited JSON: `{"progress"}`, `{"file", "text"}` for a whole file and `{"line", "text"}` for the
   * next line of one, and at the end `{"end": true}`, or `{"problem"}`. `astrolabe evidence export` makes a folder of it that verifies itself.
   */
  @Get('customers/:customer/statements/:period/evidence')
  async bundle(@Caller() caller: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown): Promise<StreamableFile> {
    const parts = this.evidence.read(caller.organizationId, customer, period, parseInput(choiceSchema, query, 'the query'));
    // What is wrong with the request shows at the first part, while it can still be answered with a status.
    const first = await parts.next();
    return new StreamableFile(Readable.from(linesOf(first, parts)), { type: 'application/x-ndjson' });
  }
}

async function* linesOf(first: IteratorResult<EvidencePart>, parts: AsyncGenerator<EvidencePart>): AsyncGenerator<string> {
  try {
    for (let part = first; part.done !== true; part = await parts.next()) yield `${JSON.stringify(wireOf(part.value))}\n`;
    yield `${JSON.stringify({ end: true })}\n`;
  } catch (error) {
    const { code, message } = error instanceof DomainError ? error : { code: 'internal', message: messageOf(error) };
    yield `${JSON.stringify({ problem: { code, detail: message } })}\n`;
  }
}

function wireOf(part: EvidencePart): object {
  switch (part.kind) {
    case 'progress':
      return { progress: { done: part.done, total: part.total } };
    case 'file':
      return { file: part.name, text: part.text };
    case 'line':
      return { line: part.name, text: part.text };
  }
}
