import { addressOf } from '../components/addresses.js';
import { formatCount } from '../components/figures.js';
import { Table } from '../components/table.js';
import { pairRuns, type ListedRun } from './pair-runs.js';

const passedOf = ({ counts }: ListedRun): string => `${formatCount(counts.passed)} of ${formatCount(counts.passed + counts.failed)}`;

/** Links to the comparisons that suggest themselves. */
export function ComparisonList({ runs }: { runs: readonly ListedRun[] }) {
  return (
    <Table
      caption="The newest finished run of each variant of a suite against its first variant"
      rows={pairRuns(runs)}
      empty={
        <>
          Nothing to compare yet. Play a suite once with each of two variants: <code>astrolabe evals run --suite FILE --variant NAME --agent URL</code>.
        </>
      }
      columns={[
        {
          header: 'Comparison',
          cell: ({ base, candidate }) => (
            <a href={addressOf.comparison(base.id, candidate.id)}>
              {candidate.variant.name} against {base.variant.name}
            </a>
          ),
        },
        { header: 'Suite', cell: (row) => row.suiteName },
        { header: 'Base passed', isNumber: true, cell: ({ base }) => passedOf(base) },
        { header: 'Candidate passed', isNumber: true, cell: ({ candidate }) => passedOf(candidate) },
      ]}
    />
  );
}
