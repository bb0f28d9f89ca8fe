import { Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { StatementReader } from '#billing';
import { evidenceGrades } from '#outcomes';
import { CONFIG, Caller, parseInput, type Config, type Principal } from '#platform';
import { PageController } from '../shell/page-controller.js';
import { LineOutcomesPage } from './line-outcomes-page.js';
import { StatementListPage } from './statement-list-page.js';
import { StatementPage } from './statement-page.js';

const choiceSchema = z.object({
  timeZone: z.string().min(1).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as USD').optional(),
});
const lineSchema = choiceSchema.extend({
  outcome: z.string().min(1),
  grade: z.enum(evidenceGrades),
  kind: z.enum(['outcome', 'reversal']).default('outcome'),
  cursor: z.string().optional(),
});

@PageController('statements')
export class StatementPagesController {
  constructor(
    private readonly statements: StatementReader,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  async list(@Caller() { organizationId }: Principal) {
    return <StatementListPage organizationId={organizationId} statements={await this.statements.list(organizationId)} />;
  }

  @Get(':customer/:period')
  async read(@Caller() { organizationId }: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown) {
    const choice = parseInput(choiceSchema, query, 'the address');
    const statement = await this.statements.read(organizationId, customer, period, choice);
    return <StatementPage organizationId={organizationId} statement={statement} isSandbox={this.config.STRIPE_SECRET_KEY === undefined} />;
  }

  @Get(':customer/:period/outcomes')
  async outcomes(@Caller() { organizationId }: Principal, @Param('customer') customer: string, @Param('period') period: string, @Query() query: unknown) {
    const { outcome, grade, kind, cursor, ...choice } = parseInput(lineSchema, query, 'the address');
    const statement = await this.statements.read(organizationId, customer, period, choice);
    const line = { organizationId, customerId: customer, period: statement.period, currency: statement.currency, outcome, grade, kind };
    const page = await this.statements.outcomesOf(line, { cursor });
    return <LineOutcomesPage organizationId={organizationId} statement={statement} line={line} page={page} />;
  }
}
