import { Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Runs } from '#evals';
import { Caller, parseInput, type Principal } from '#platform';
import { PageController } from '../shell/page-controller.js';
import { ComparisonPage } from './comparison-page.js';
import { RunsPage } from './runs-page.js';
import { scenarioRows } from './scenario-rows.js';

const RUNS_SHOWN = 200;
const comparisonSchema = z.object({
  base: z.string().min(1, 'must be the id of a run: choose one on /runs'),
  candidate: z.string().min(1, 'must be the id of a run: choose one on /runs'),
});

@PageController()
export class RunPagesController {
  constructor(private readonly runs: Runs) {}

  @Get('runs')
  async list(@Caller() { organizationId }: Principal) {
    return <RunsPage organizationId={organizationId} runs={await this.runs.list(organizationId, RUNS_SHOWN)} />;
  }

  @Get('comparisons')
  async compare(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const chosen = parseInput(comparisonSchema, query, 'the address');
    const [comparison, base, candidate] = await Promise.all([
      this.runs.compare(organizationId, chosen.base, chosen.candidate),
      this.runs.get(organizationId, chosen.base),
      this.runs.get(organizationId, chosen.candidate),
    ]);
    return <ComparisonPage organizationId={organizationId} suiteName={base.run.suiteName} comparison={comparison} scenarios={scenarioRows(base.trials, candidate.trials)} />;
  }
}
