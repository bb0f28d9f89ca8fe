import { Get, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { MarginReader, OutboxStore, ReconciliationService, StatementReader } from '#billing';
import { Runs } from '#evals';
import { DecisionStore, PendingStore } from '#outcomes';
import { CONFIG, Caller, parseInput, type Config, type Principal } from '#platform';
import { RolloutStore } from '#rollouts';
import { TraceReader } from '#traces';
import { PageController } from '../shell/page-controller.js';
import { OverviewPage } from './overview-page.js';

const overviewSchema = z.object({ environment: z.string().min(1).optional() });

const RECENT_CONVERSATIONS = 8;
const RECENT_RUNS = 20;

@PageController()
export class OverviewController {
  constructor(
    private readonly traces: TraceReader,
    private readonly decisions: DecisionStore,
    private readonly pending: PendingStore,
    private readonly margins: MarginReader,
    private readonly statements: StatementReader,
    private readonly reconciliations: ReconciliationService,
    private readonly outbox: OutboxStore,
    private readonly runs: Runs,
    private readonly rollouts: RolloutStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  async overview(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { environment } = parseInput(overviewSchema, query, 'the address');
    const [usage, recent, outcomes, pendingCount, margins, statements, reconciliation, outbox, runs, rollouts] = await Promise.all([
      this.traces.usageTotals(organizationId, environment),
      this.traces.recentConversations(organizationId, RECENT_CONVERSATIONS),
      this.decisions.counts(organizationId),
      this.pending.count(organizationId),
      this.margins.read(organizationId),
      this.statements.list(organizationId),
      this.reconciliations.latest(organizationId),
      this.outbox.counts(organizationId),
      this.runs.list(organizationId, RECENT_RUNS),
      this.rollouts.list(organizationId),
    ]);
    const isSandbox = this.config.STRIPE_SECRET_KEY === undefined;
    return <OverviewPage {...{ organizationId, usage, environment, recent, outcomes, pendingCount, margins, statements, reconciliation, outbox, runs, rollouts, isSandbox }} />;
  }
}
