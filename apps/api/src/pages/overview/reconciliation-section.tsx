import type { Break, OutboxCounts, Reconciliation } from '#billing';
import { formatCount, formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';

export interface ReconciliationSectionProps {
  reconciliation: Reconciliation | undefined;
  outbox: readonly OutboxCounts[];
  isSandbox: boolean;
}

/** Whether what Stripe was told is what the ledger says, and what is still on its way. */
export function ReconciliationSection({ reconciliation, outbox, isSandbox }: ReconciliationSectionProps) {
  const stripe = isSandbox ? 'the Stripe sandbox' : 'Stripe';
  return (
    <>
      <h3>Reconciliation</h3>
      {reconciliation === undefined ? (
        <p class="empty">Ledger and {stripe} have not been compared yet. The worker does it every minute; set RECONCILE_EVERY_MS for another interval.</p>
      ) : (
        <p class={reconciliation.breaks.length > 0 ? 'problem' : 'good'}>
          {reconciliation.breaks.length === 0
            ? `No breaks: decisions, ledger, outbox and ${stripe} agree on ${formatNoun(reconciliation.meters.length, 'meter')}.`
            : `${formatNoun(reconciliation.breaks.length, 'break')} between decisions, ledger, outbox and ${stripe}.`}{' '}
          Last compared <Instant at={reconciliation.ranAt} />.
        </p>
      )}
      {reconciliation !== undefined && reconciliation.breaks.length > 0 && <BreakTable breaks={reconciliation.breaks} />}
      {outbox.length > 0 && <p class="note">Meter events: {outbox.map((each) => `${formatCount(each.count)} ${each.status}`).join(', ')}.</p>}
    </>
  );
}

function BreakTable({ breaks }: { breaks: readonly Break[] }) {
  return (
    <Table
      caption="Breaks, with the figures that disagree in micros"
      rows={breaks}
      empty=""
      columns={[
        { header: 'Break', cell: (row) => inWords(row.kind) },
        { header: 'Customer', cell: (row) => row.customerId },
        {
          header: 'Detail',
          cell: (row) => (
            <ul class="plain">
              {Object.entries(row.detail).map(([name, value]) => (
                <li>
                  {name}: {value ?? 'none'}
                </li>
              ))}
            </ul>
          ),
        },
      ]}
    />
  );
}
