import { Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { StatementReader } from '#billing';
import { CONFIG, Caller, parseInput, type Config, type Principal } from '#platform';
import { PageController } from '../shell/page-controller.js';
import { ChargeOutcomesPage } from './charge-outcomes-page.js';
import { StatementListPage } from './statement-list-page.js';
import { StatementPage } from './statement-page.js';

const choiceSchema = z.object({
  timeZone: z.string().min(1).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as USD').optional(),
});
const chargeSchema = choiceSchema.extend({ charge: z.string().min(1), cursor: z.string().optional() });

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
    const { charge: chargeId, cursor, ...choice } = parseInput(chargeSchema, query, 'the address');
    const statement = await this.statements.read(organizationId, customer, period, choice);
    const page = await this.statements.outcomesOf({ organizationId, customerId: customer, period: statement.period, chargeId }, { cursor });
    return <ChargeOutcomesPage organizationId={organizationId} statement={statement} chargeId={chargeId} page={page} />;
  }
}
