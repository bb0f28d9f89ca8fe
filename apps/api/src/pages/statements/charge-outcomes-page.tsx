import type { ChargeOutcomePage, Statement } from '#billing';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Money } from '../components/money.js';
import { Table } from '../components/table.js';
import { inWords, reasonInWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';
import { quantityText } from './price-in-words.js';
import { addressOfStatement } from './statement-address.js';

export interface ChargeOutcomesPageProps {
  organizationId: string;
  statement: Statement;
  chargeId: string;
  page: ChargeOutcomePage;
}

/** What one charge of a statement consists of. */
export function ChargeOutcomesPage({ organizationId, statement, chargeId, page }: ChargeOutcomesPageProps) {
  const address = addressOfStatement(statement);
  const line = statement.lines.find(({ charges }) => charges.some(({ id }) => id === chargeId));
  const charge = line?.charges.find(({ id }) => id === chargeId);
  const title = line && charge ? [inWords(line.outcome ?? line.kind), inWords(charge.grade ?? ''), line.corrects ? `of ${line.corrects.label}` : ''].filter((part) => part !== '').join(', ') : 'Outcomes';
  return (
    <Layout title={title} section="statements" organization={organizationId}>
      <p class="lead">
        <a href={addressOf.statement(address)}>
          Statement for {statement.customer.name}, {statement.period.label}
        </a>
        {charge && (
          <>
            {': '}
            {formatNoun(charge.outcomes, 'outcome')}
            {charge.reversals > 0 && <>, {formatNoun(charge.reversals, 'reversal')}</>}, <Money amount={charge.amountMicros} currency={statement.currency} />
            {charge.adjustedMicros !== 0n && (
              <>
                {' '}
                of which the number of outcomes makes <Money amount={charge.adjustedMicros} currency={statement.currency} />
              </>
            )}
          </>
        )}
      </p>
      <Table
        caption="In the order in which they were booked"
        rows={page.items}
        empty={<>There is no outcome here. Go back to the <a href={addressOf.statement(address)}>statement</a> and open one of its lines.</>}
        columns={[
          { header: 'Conversation', cell: (row) => <a class="id" href={addressOf.conversation(row.conversationId, row.episode)}>{row.conversationId}</a> },
          { header: 'Episode', isNumber: true, cell: (row) => formatCount(row.episode) },
          { header: 'Decided', cell: (row) => <Instant at={row.decidedAt} /> },
          { header: 'Because', cell: (row) => (row.kind === 'reversal' ? `taken back, a later revision says otherwise: ${reasonInWords(row.reason)}` : reasonInWords(row.reason)) },
          { header: 'Rests on', cell: (row) => `${formatNoun(row.evidence.traceIds.length, 'trace')}, ${formatNoun(row.evidence.signalIds.length, 'signal')}` },
          { header: 'Quantity', isNumber: true, cell: (row) => quantityText(row.quantityMicros) },
          { header: 'By itself', isNumber: true, cell: (row) => <Money amount={row.amountMicros} currency={statement.currency} /> },
        ]}
      />
      {page.nextCursor !== null && (
        <p>
          <a href={addressOf.statementCharge(address, chargeId, page.nextCursor)} rel="next">
            More
          </a>
        </p>
      )}
    </Layout>
  );
}
