import { formatCount } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Table } from '../components/table.js';
import { Layout } from '../shell/layout.js';
import { ComparisonList } from './comparison-list.js';
import type { ListedRun } from './pair-runs.js';

export function RunsPage({ organizationId, runs }: { organizationId: string; runs: readonly ListedRun[] }) {
  return (
    <Layout title="Runs" section="runs" organization={organizationId}>
      <section>
        <h2>Comparisons</h2>
        <ComparisonList runs={runs} />
        {runs.length > 1 && <CompareForm runs={runs} />}
      </section>
      <section>
        <h2>All runs</h2>
        <Table
          caption="Newest first"
          rows={runs}
          empty={
            <>
              No run is recorded. <code>astrolabe evals run --suite FILE --variant NAME --agent URL</code> plays one against your agent.
            </>
          }
          columns={[
            { header: 'Variant', cell: (row) => row.variant.name },
            { header: 'Suite', cell: (row) => row.suiteName },
            { header: 'Started', cell: (row) => <Instant at={row.startedAt} /> },
            { header: 'State', cell: (row) => (row.finishedAt === null ? 'under way, or stopped' : 'finished') },
            { header: 'Passed', isNumber: true, cell: (row) => formatCount(row.counts.passed) },
            { header: 'Failed', isNumber: true, cell: (row) => formatCount(row.counts.failed) },
            { header: 'No result', isNumber: true, cell: (row) => formatCount(row.counts.infrastructure_error) },
            { header: 'Run', cell: (row) => <code class="id">{row.id}</code> },
          ]}
        />
      </section>
    </Layout>
  );
}

function CompareForm({ runs }: { runs: readonly ListedRun[] }) {
  // The newest run is most likely the candidate, and the one before it the base.
  const options = (chosen: number) =>
    runs.map((run, index) => (
      <option value={run.id} selected={index === chosen}>
        {run.suiteName}, {run.variant.name}, {run.startedAt.toISOString().slice(0, 16).replace('T', ' ')}
      </option>
    ));
  return (
    <form class="compare" method="get" action="/comparisons">
      <label>
        Base
        <select name="base">{options(1)}</select>
      </label>
      <label>
        Candidate
        <select name="candidate">{options(0)}</select>
      </label>
      <button type="submit">Compare</button>
    </form>
  );
}
