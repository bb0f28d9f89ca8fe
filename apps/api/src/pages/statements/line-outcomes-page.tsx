import type { LineOutcomePage, Statement, StatementLineKey } from '#billing';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Money } from '../components/money.js';
import { Table } from '../components/table.js';
import { inWords, reasonInWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';
import { addressOfStatement } from './statement-page.js';

export interface LineOutcomesPageProps {
  organizationId: string;
  statement: Statement;
  line: StatementLineKey;
  page: LineOutcomePage;
}

/** What one line of a statement consists of. */
export function LineOutcomesPage({ organizationId, statement, line, page }: LineOutcomesPageProps) {
  const address = addressOfStatement(statement);
  const isReversal = line.kind === 'reversal';
  const whole = statement.lines.find((each) => each.outcome === line.outcome && each.grade === line.grade && each.kind === line.kind);
  return (
    <Layout title={`${inWords(line.outcome)}, ${inWords(line.grade)}${isReversal ? ', taken back' : ''}`} section="statements" organization={organizationId}>
      <p class="lead">
        <a href={addressOf.statement(address)}>
          Statement for {statement.customer.name}, {statement.period.label}
        </a>
        {whole && (
          <>
            {': '}
            {formatNoun(whole.count, isReversal ? 'reversal' : 'outcome')}, <Money amount={whole.amountMicros} currency={statement.currency} />
          </>
        )}
      </p>
      <Table
        caption="In the order in which they were booked"
        rows={page.items}
        empty={<>This line has no outcome. Go back to the <a href={addressOf.statement(address)}>statement</a> and open one of its lines.</>}
        columns={[
          { header: 'Conversation', cell: (row) => <a class="id" href={addressOf.conversation(row.conversationId, row.episode)}>{row.conversationId}</a> },
          { header: 'Episode', isNumber: true, cell: (row) => formatCount(row.episode) },
          { header: 'Decided', cell: (row) => <Instant at={row.decidedAt} /> },
          { header: 'Because', cell: (row) => (isReversal ? `a later revision says otherwise: ${reasonInWords(row.reason)}` : reasonInWords(row.reason)) },
          { header: 'Rests on', cell: (row) => `${formatNoun(row.evidence.traceIds.length, 'trace')}, ${formatNoun(row.evidence.signalIds.length, 'signal')}` },
          { header: 'Amount', isNumber: true, cell: (row) => <Money amount={row.amountMicros} currency={statement.currency} /> },
        ]}
      />
      {page.nextCursor !== null && (
        <p>
          <a href={addressOf.statementLine(address, line, page.nextCursor)} rel="next">
            More
          </a>
        </p>
      )}
    </Layout>
  );
}
