import type { Decision, EvidenceRef, ExplainedExpression } from '#outcomes';
import { addressOf, type StatementAddress } from '../components/addresses.js';
import { formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Cost, Money } from '../components/money.js';
import { Facts } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords, placeInWords, reasonInWords } from '../components/words.js';

export interface DecisionPanelProps {
  decision: Decision;
  earlier: readonly Decision[];
  /** The statement that the outcome is on; null where nothing is booked for it. */
  statement: StatementAddress | null;
}

/** What was decided about an episode, and how one can see that it had to be decided so. */
export function DecisionPanel({ decision, earlier, statement }: DecisionPanelProps) {
  return (
    <div class="panel">
      <Facts
        facts={[
          ['Outcome', <strong>{inWords(decision.outcome)}</strong>],
          ['Billable', `${decision.isBillable ? 'yes' : 'no'}: ${reasonInWords(decision.reason)}`],
          ['Grade of evidence', decision.grade === null ? '–' : inWords(decision.grade)],
          ['Amount', decision.isBillable ? <Money amount={decision.amountMicros} currency={decision.currency} /> : 'nothing'],
          ['Model cost', <Cost usd={decision.modelCostUsd} unknownCalls={decision.costUnknownSpans} />],
          ['Contract', decision.contractId === null ? 'none' : `${decision.contractId}, version ${decision.contractVersion}`],
          ['Decided', <Instant at={decision.decidedAt} />],
          ['Statement', statement === null ? 'on none: nothing is booked' : <a href={addressOf.statement(statement)}>{statement.period}, {statement.currency}</a>],
        ]}
      />
      <Explanation decision={decision} />
      {earlier.length > 0 && <EarlierRevisions decision={decision} earlier={earlier} />}
    </div>
  );
}

/** What the contract checked, in order, and on what each expression rests. */
export function Explanation({ decision }: { decision: Decision }) {
  return (
    <details open>
      <summary>What the contract checked</summary>
      <Table
        caption="In this order; the first exclusion or policy that holds decides"
        rows={decision.explanation}
        empty="No expression was evaluated: there was no contract to ask."
        columns={[
          { header: 'Where', cell: (row) => placeInWords(row.at) },
          { header: 'Expression', cell: (row) => <ExplainedCell explained={row} conversationId={decision.conversationId} /> },
          { header: 'Result', cell: (row) => <span class={row.held ? 'mark held' : 'mark'}>{row.held ? 'held' : 'did not hold'}</span> },
        ]}
      />
      <p class="note">
        Rests on {formatNoun(decision.evidence.traceIds.length, 'trace')} and {formatNoun(decision.evidence.signalIds.length, 'signal')}. Decision <code>{decision.id}</code>, facts{' '}
        <code>{decision.factsSha256.slice(0, 12)}</code>.
      </p>
    </details>
  );
}

/** An expression, and where it has parts or rests on something, what of it held and on what. */
function ExplainedCell({ explained: { expression, parts = [] }, conversationId }: { explained: ExplainedExpression; conversationId: string }) {
  const link = (ref: EvidenceRef) => (
    <a href={addressOf.evidence(conversationId, ref)} title={ref.id}>
      {ref.kind} …{ref.id.slice(-6)}
    </a>
  );
  return (
    <div>
      <code>{expression}</code>
      {parts.length > 0 && (
        <ul class="plain parts">
          {parts.map(({ text, held, restsOn }) => (
            <li>
              {parts.length > 1 && (
                <>
                  <code>{text}</code> {held === null ? 'cannot be said' : held ? 'held' : 'did not hold'}
                  {restsOn.length > 0 && ', '}
                </>
              )}
              {restsOn.length > 0 && <span>rests on {restsOn.map((ref, index) => [index > 0 && ', ', link(ref)])}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function EarlierRevisions({ decision, earlier }: Pick<DecisionPanelProps, 'decision' | 'earlier'>) {
  return (
    <details>
      <summary>
        Revision {decision.revision}; {formatNoun(earlier.length, 'earlier revision')}
      </summary>
      <Table
        caption="What was decided before more was known, newest first"
        rows={earlier}
        empty=""
        columns={[
          { header: 'Revision', cell: (row) => row.revision },
          { header: 'Outcome', cell: (row) => inWords(row.outcome) },
          { header: 'Because', cell: (row) => reasonInWords(row.reason) },
          { header: 'Decided', cell: (row) => <Instant at={row.decidedAt} /> },
          { header: 'Amount', isNumber: true, cell: (row) => <Money amount={row.amountMicros} currency={row.currency} /> },
        ]}
      />
    </details>
  );
}
