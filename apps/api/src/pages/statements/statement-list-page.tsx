import type { StatementSummary } from '#billing';
import { Layout } from '../shell/layout.js';
import { StatementTable } from './statement-table.js';

export function StatementListPage({ organizationId, statements }: { organizationId: string; statements: readonly StatementSummary[] }) {
  return (
    <Layout title="Statements" section="statements" organization={organizationId}>
      <p class="lead">Each statement is counted from the decisions and held against the ledger, and opens down to the spans behind every line.</p>
      <StatementTable statements={statements} />
    </Layout>
  );
}
