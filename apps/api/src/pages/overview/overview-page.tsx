import type { Margin, OutboxCounts, Reconciliation, StatementSummary } from '#billing';
import type { OutcomeCount } from '#outcomes';
import type { Rollout } from '#rollouts';
import type { ConversationSummary, UsageTotals } from '#traces';
import { formatCount, formatNoun, formatRounded, formatShare, shareOf, usdOf } from '../components/figures.js';
import { Cost, Money } from '../components/money.js';
import { Stat, Stats } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords, reasonInWords } from '../components/words.js';
import { ConversationTable } from '../conversations/conversation-table.js';
import { ComparisonList } from '../runs/comparison-list.js';
import type { ListedRun } from '../runs/pair-runs.js';
import { Layout } from '../shell/layout.js';
import { StatementTable } from '../statements/statement-table.js';
import { ReconciliationSection } from './reconciliation-section.js';
import { totalMargin, type TotalMargin } from './total-margin.js';

export interface OverviewPageProps {
  organizationId: string;
  usage: UsageTotals;
  /** Which environment's usage; undefined for all. */
  environment: string | undefined;
  recent: readonly ConversationSummary[];
  outcomes: readonly OutcomeCount[];
  /** Conversations with activity that is not decided yet. */
  pendingCount: number;
  margins: readonly Margin[];
  statements: readonly StatementSummary[];
  reconciliation: Reconciliation | undefined;
  outbox: readonly OutboxCounts[];
  runs: readonly ListedRun[];
  rollouts: readonly Rollout[];
  isSandbox: boolean;
}

export function OverviewPage(props: OverviewPageProps) {
  const { organizationId, usage, environment, recent, outcomes, pendingCount, margins, statements, reconciliation, outbox, runs, rollouts, isSandbox } = props;
  return (
    <Layout title="Overview" section="overview" organization={organizationId}>
      {usage.spans === 0 && environment === undefined && (
        <p class="lead">
          Nothing has arrived yet. Point an OpenTelemetry exporter at this server (OTLP/HTTP, <code>POST /v1/traces</code>, with{' '}
          <code>Authorization: Bearer</code> and a key of scope <code>ingest</code>), or run <code>npm run demo</code>.
        </p>
      )}
      <MoneyStats total={totalMargin(margins)} pendingCount={pendingCount} />
      <UsageSection usage={usage} environment={environment} />
      <section>
        <h2>Outcomes</h2>
        <OutcomeTable outcomes={outcomes} currencies={[...new Set(margins.map((margin) => margin.currency))]} />
        {margins.length > 1 && <MarginTable margins={margins} />}
      </section>
      <section>
        <h2>Statements</h2>
        <StatementTable statements={statements} />
        <ReconciliationSection reconciliation={reconciliation} outbox={outbox} isSandbox={isSandbox} />
      </section>
      <section>
        <h2>Recent conversations</h2>
        <ConversationTable conversations={recent.map((conversation) => ({ conversation, decisions: null }))} />
        {recent.length > 0 && (
          <p>
            <a href="/conversations">All conversations</a>
          </p>
        )}
      </section>
      <section>
        <h2>Comparisons</h2>
        <ComparisonList runs={runs} />
      </section>
      <section>
        <h2>Rollouts</h2>
        <RolloutTable rollouts={rollouts} />
      </section>
    </Layout>
  );
}

function MoneyStats({ total, pendingCount }: { total: TotalMargin; pendingCount: number }) {
  const { revenue, billableCount, episodeCount, costPerBillableOutcomeMicros, marginMicros, unknownSpans } = total;
  const pending = pendingCount > 0 ? `${formatNoun(pendingCount, 'conversation')} still to be decided` : 'everything decided';
  const unknown = unknownSpans > 0 ? `, without ${formatNoun(unknownSpans, 'call')} of unknown cost` : '';
  return (
    <Stats label="Outcomes and money">
      <Stat label="Billable outcomes" note={`of ${formatNoun(episodeCount, 'decided episode')} without test traffic; ${pending}`}>
        {formatCount(billableCount)}
      </Stat>
      <Stat label="Billable amount" isEmpty={revenue.length === 0} note={revenue.length > 1 ? 'each currency by itself' : undefined}>
        {revenue.length === 0 ? 'none yet' : revenue.map((each) => <Money amount={each.amountMicros} currency={each.currency} />)}
      </Stat>
      <Stat label="Model cost per billable outcome" isEmpty={costPerBillableOutcomeMicros === null} note={`of decided episodes, those that earned nothing included${unknown}`}>
        {costPerBillableOutcomeMicros === null ? (billableCount > 0 ? 'unknown' : 'no outcome yet') : <Cost usd={usdOf(costPerBillableOutcomeMicros)} unknownCalls={unknownSpans} isBrief />}
      </Stat>
      <Stat
        label="Margin"
        isEmpty={marginMicros === null || episodeCount === 0}
        note={marginMicros === null ? whyNoMargin(total) : unknownSpans > 0 ? `at most${unknown}` : 'billable amount less model cost'}
      >
        {marginMicros === null ? 'not given' : episodeCount === 0 ? 'no outcome yet' : formatRounded(marginMicros, 'USD')}
      </Stat>
    </Stats>
  );
}

function whyNoMargin({ modelCostMicros, unknownSpans }: TotalMargin): string {
  return modelCostMicros === null ? `the cost of ${formatNoun(unknownSpans, 'call')} is unknown, and of none known` : 'revenue is not in USD alone, model prices are';
}

/** What `deployment.environment.name` says of traffic that is meant. */
const PRODUCTION = 'production';

function UsageSection({ usage, environment }: { usage: UsageTotals; environment: string | undefined }) {
  return (
    <section>
      <h2>Usage</h2>
      <p class="note">
        {environment === undefined ? 'Everything that was sent, tests and simulations included. ' : `What was sent from the environment "${environment}". `}
        {environment === undefined ? <a href={`/?environment=${PRODUCTION}`}>Production alone</a> : <a href="/">All environments</a>}
      </p>
      <UsageStats usage={usage} />
    </section>
  );
}

function UsageStats({ usage }: { usage: UsageTotals }) {
  const wasted = shareOf(usage.wastedCostUsd ?? '0', usage.knownCostUsd ?? '0');
  const wastedNote = usage.unknownWastedSpans > 0 ? `, and ${formatNoun(usage.unknownWastedSpans, 'wasted call')} of unknown cost` : '';
  return (
    <Stats label="Usage">
      <Stat label="Conversations" note={formatNoun(usage.turns, 'turn')}>
        {formatCount(usage.conversations)}
      </Stat>
      <Stat label="Spans" note={formatNoun(usage.modelCalls, 'model call')}>
        {formatCount(usage.spans)}
      </Stat>
      <Stat
        label="Model cost"
        isEmpty={usage.modelCalls === 0}
        note={usage.modelCalls === 0 ? undefined : usage.unknownCostSpans > 0 ? `known part; the cost of ${formatNoun(usage.unknownCostSpans, 'call')} is unknown` : 'every call has a price'}
      >
        {usage.modelCalls === 0 ? 'no model call yet' : <Cost usd={usage.knownCostUsd ?? '0'} unknownCalls={usage.unknownCostSpans} isBrief />}
      </Stat>
      <Stat label="Wasted on speculation" isEmpty={wasted === null} note={wasted === null ? undefined : <>{<Cost usd={usage.wastedCostUsd ?? '0'} unknownCalls={usage.wastedCostUsd === null ? usage.unknownWastedSpans : 0} />} of the known cost{wastedNote}</>}>
        {wasted === null ? 'no known cost yet' : formatShare(wasted)}
      </Stat>
    </Stats>
  );
}

function OutcomeTable({ outcomes, currencies }: { outcomes: readonly OutcomeCount[]; currencies: readonly string[] }) {
  // The counts add up amounts of whatever currency: shown where there is one.
  const [currency, other] = currencies;
  const isOneCurrency = currency !== undefined && other === undefined;
  return (
    <Table
      caption="Decisions that stand, by outcome, grade of evidence and reason"
      rows={outcomes}
      empty={
        <>
          No episode is decided yet. Send a contract to <code>POST /api/v1/contracts</code> and activate it; an episode is decided when it has been quiet for the
          contract's window, or says that it is over.
        </>
      }
      columns={[
        { header: 'Outcome', cell: (row) => inWords(row.outcome) },
        { header: 'Grade', cell: (row) => (row.grade === null ? '–' : inWords(row.grade)) },
        { header: 'Billable', cell: (row) => (row.isBillable ? 'yes' : 'no') },
        { header: 'Because', cell: (row) => reasonInWords(row.reason) },
        { header: 'Count', isNumber: true, cell: (row) => formatCount(row.count) },
        ...(isOneCurrency ? [{ header: 'Amount', isNumber: true, cell: (row: OutcomeCount) => <Money amount={row.amountMicros} currency={currency} /> }] : []),
      ]}
    />
  );
}

function MarginTable({ margins }: { margins: readonly Margin[] }) {
  return (
    <Table
      caption="By customer"
      rows={margins}
      empty=""
      columns={[
        { header: 'Customer', cell: (row) => row.customer.name || 'not named by the spans' },
        { header: 'Episodes', isNumber: true, cell: (row) => formatCount(row.episodeCount) },
        { header: 'Billable', isNumber: true, cell: (row) => formatCount(row.billableCount) },
        { header: 'Revenue', isNumber: true, cell: (row) => <Money amount={row.revenueMicros} currency={row.currency} /> },
        { header: 'Model cost', isNumber: true, cell: (row) => <Cost usd={usdOf(row.modelCostMicros ?? 0n)} unknownCalls={row.unknownSpans} /> },
        { header: 'Margin', isNumber: true, cell: (row) => (row.marginMicros === null ? 'not given' : `${row.unknownSpans > 0 ? 'at most ' : ''}${formatRounded(row.marginMicros, 'USD')}`) },
      ]}
    />
  );
}

function RolloutTable({ rollouts }: { rollouts: readonly Rollout[] }) {
  return (
    <Table
      caption="Which variant conversations get"
      rows={rollouts}
      empty={
        <>
          No rollout is set up. <code>PUT /api/v1/rollouts/…</code> starts one, and agents ask for it over OFREP.
        </>
      }
      columns={[
        { header: 'Flag', cell: (row) => <code>{row.flagKey}</code> },
        { header: 'Agent', cell: (row) => row.agent },
        { header: 'Task', cell: (row) => row.task },
        { header: 'Base', cell: (row) => row.base.name },
        { header: 'Candidate', cell: (row) => row.candidate.name },
        { header: 'Candidate gets', isNumber: true, cell: (row) => (row.isEnabled ? formatShare(row.exposureBp / 10_000, 2) : 'nothing: switched off') },
      ]}
    />
  );
}
