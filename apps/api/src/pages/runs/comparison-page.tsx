import type { RunComparison } from '#evals';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatNoun, formatPoints, formatShare } from '../components/figures.js';
import { Stat, Stats } from '../components/stat.js';
import { Table, type Column } from '../components/table.js';
import { Layout } from '../shell/layout.js';
import { evidenceInWords, formatPValue } from './evidence-in-words.js';
import { regressionsFirst, type PlayedTrial, type ScenarioRow } from './scenario-rows.js';

type RunScore = RunComparison['base'];

export interface ComparisonPageProps {
  organizationId: string;
  suiteName: string;
  comparison: RunComparison;
  scenarios: readonly ScenarioRow[];
}

export function ComparisonPage({ organizationId, suiteName, comparison, scenarios }: ComparisonPageProps) {
  const { base, candidate, flips, warnings } = comparison;
  const regressions = flips.filter((flip) => flip.to === 'fail').length;
  return (
    <Layout title={`${candidate.variant} against ${base.variant}`} section="runs" organization={organizationId}>
      <p class="lead">
        Suite {suiteName}, {formatNoun(comparison.tasks, 'scenario')} in both runs
        {comparison.trialsPerTask !== null && `, ${formatNoun(comparison.trialsPerTask, 'trial')} each`}.
      </p>
      <Warnings warnings={warnings} />
      <Difference comparison={comparison} />
      <section>
        <h2>Rates</h2>
        <RateTable scores={[base, candidate]} />
      </section>
      <section>
        <h2>What changed</h2>
        <p>
          {formatNoun(regressions, 'regression')}, {formatNoun(flips.length - regressions, 'fix', 'fixes')}. A scenario passes when more than half of its trials do.
        </p>
        <FlipTable flips={regressionsFirst(flips)} />
      </section>
      <section>
        <h2>Per scenario</h2>
        <ScenarioTable scenarios={scenarios} />
      </section>
    </Layout>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <div class="problem" role="note" aria-label="Warnings">
      <strong>Read this first</strong>
      <ul>
        {warnings.map((warning) => (
          <li>{warning}</li>
        ))}
      </ul>
    </div>
  );
}

function Difference({ comparison: { difference, standardError, pValue, base, candidate } }: { comparison: RunComparison }) {
  return (
    <>
      <Stats label="The difference">
        <Stat label={`Pass rate of ${base.variant}`} note={`${formatCount(base.successes)} of ${formatNoun(base.trials, 'trial')}`}>
          {formatShare(base.rate)}
        </Stat>
        <Stat label={`Pass rate of ${candidate.variant}`} note={`${formatCount(candidate.successes)} of ${formatNoun(candidate.trials, 'trial')}`}>
          {formatShare(candidate.rate)}
        </Stat>
        <Stat label="Difference" note={standardError === null ? 'one scenario has no standard error' : `standard error ${formatPoints(standardError).replace('+', '')}, over scenarios`}>
          {formatPoints(difference)}
        </Stat>
        <Stat label="p-value" note="exact, two-sided, over scenarios">
          {pValue === null ? 'not tested' : formatPValue(pValue)}
        </Stat>
      </Stats>
      <p class="lead">{evidenceInWords(pValue)}</p>
    </>
  );
}

function RateTable({ scores }: { scores: readonly RunScore[] }) {
  const depth = Math.max(0, ...scores.map((score) => score.passK.length));
  const passK: Column<RunScore>[] = Array.from({ length: depth }, (_, index) => ({
    header: `pass^${index + 1}`,
    isNumber: true,
    cell: ({ passK: estimates }) => (estimates[index] === undefined ? '–' : formatShare(estimates[index])),
  }));
  return (
    <>
      <Table
        caption="By variant; every scenario weighs the same"
        rows={scores}
        empty=""
        columns={[
          { header: 'Variant', cell: (row) => row.variant },
          { header: 'Passed', isNumber: true, cell: (row) => `${formatCount(row.successes)} of ${formatCount(row.trials)}` },
          ...passK,
          { header: 'No result', isNumber: true, cell: (row) => formatCount(row.infrastructureErrors) },
          { header: 'Run', cell: (row) => <code class="id">{row.runId}</code> },
        ]}
      />
      <p class="note">pass^k is the chance that k trials of a scenario all pass. Trials without a result failed for other reasons than the agent and are in no rate.</p>
    </>
  );
}

function FlipTable({ flips }: { flips: RunComparison['flips'] }) {
  return (
    <Table
      caption="Scenarios whose outcome changed, regressions first"
      rows={flips}
      empty="No scenario changed its outcome."
      columns={[
        { header: 'Scenario', cell: (row) => row.taskId },
        { header: 'Change', cell: (row) => <span class={row.to === 'fail' ? 'mark failed' : 'mark held'}>{row.to === 'fail' ? 'regression' : 'fixed'}</span> },
        { header: 'Base', isNumber: true, cell: (row) => `${formatCount(row.base.successes)} of ${formatCount(row.base.trials)}` },
        { header: 'Candidate', isNumber: true, cell: (row) => `${formatCount(row.candidate.successes)} of ${formatCount(row.candidate.trials)}` },
      ]}
    />
  );
}

function ScenarioTable({ scenarios }: { scenarios: readonly ScenarioRow[] }) {
  return (
    <Table
      caption="Every trial opens its conversation"
      rows={scenarios}
      empty=""
      columns={[
        { header: 'Scenario', cell: (row) => row.scenarioId },
        { header: 'Base', cell: (row) => <Trials trials={row.base} /> },
        { header: 'Candidate', cell: (row) => <Trials trials={row.candidate} /> },
      ]}
    />
  );
}

const STATUS_WORDS: Record<PlayedTrial['status'], string> = { passed: 'passed', failed: 'failed', infrastructure_error: 'no result' };

function Trials({ trials }: { trials: readonly PlayedTrial[] }) {
  if (trials.length === 0) return <>not played</>;
  return (
    <ul class="trials">
      {trials.map((trial) => (
        <li>
          <a class={`mark ${trial.status === 'failed' ? 'failed' : trial.status === 'passed' ? 'held' : ''}`} href={addressOf.conversation(trial.conversationId)}>
            <span class="hidden">Trial {trial.number + 1} </span>
            {STATUS_WORDS[trial.status]}
          </a>
        </li>
      ))}
    </ul>
  );
}
