import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, Caller, LOGGER, NeedsScope, canonicalJson, parseInput, toWire, type Logger, type Principal } from '#platform';
import { EvidenceReader, StatementReader, type EvidenceRecord } from '#billing';

const choiceSchema = z.object({
  timeZone: z.string().min(1).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as USD').optional(),
});

const chargeSchema = choiceSchema.extend({
  charge: z.string().min(1),
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
    @Inject(LOGGER) private readonly logger: Logger,
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

  /** The decisions behind one charge of a statement, reversals among them: `?charge=`, an id from its lines, and `&cursor=&limit=` for pages. */
  @Get('customers/:customer/statements/:period/outcomes')
  async outcomes(@Caller() caller: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown) {
    const { charge, cursor, limit, ...choice } = parseInput(chargeSchema, query, 'the query');
    const statement = await this.statements.read(caller.organizationId, customer, period, choice);
    return toWire(await this.statements.outcomesOf({ organizationId: caller.organizationId, customerId: customer, period: statement.period, chargeId: charge }, { cursor, limit }));
  }

  /**
   * All that a statement rests on, as newline-delimited JSON: `{"statement"}`, each `{"contract"}`, each `{"booking"}` and
   * `{"adjustment"}`, each `{"notBilled"}`,
   * and `{"end"}`, or `{"problem"}` where it failed on the way; without either it was cut off. docs/evidence.md says what is in them.
   */
  @Get('customers/:customer/statements/:period/evidence')
  async exportEvidence(@Caller() caller: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown): Promise<StreamableFile> {
    const choice = parseInput(choiceSchema, query, 'the query');
    const records = await this.evidence.read(caller.organizationId, customer, period, choice);
    return new StreamableFile(Readable.from(this.#lines(records)), { type: 'application/x-ndjson' });
  }

  async *#lines(records: AsyncIterable<EvidenceRecord>): AsyncGenerator<string> {
    try {
      for await (const record of records) yield `${canonicalJson(record)}\n`;
    } catch (error) {
      // The status is sent already.
      this.logger.error({ err: error }, 'an export of evidence failed on the way');
      yield `${canonicalJson({ problem: { code: 'internal', detail: 'Something went wrong here; the log of the server says what' } })}\n`;
    }
  }
}
