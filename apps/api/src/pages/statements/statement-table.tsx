import type { StatementSummary } from '#billing';
import { addressOf } from '../components/addresses.js';
import { Money } from '../components/money.js';
import { Table } from '../components/table.js';

export function StatementTable({ statements }: { statements: readonly StatementSummary[] }) {
  return (
    <Table
      caption="What customers owe, newest period first"
      rows={statements}
      empty="No billable outcome is booked yet: a statement appears with the first one."
      columns={[
        {
          header: 'Customer',
          cell: ({ customer, period, currency }) => (
            <a href={addressOf.statement({ customerId: customer.id, period: period.label, currency, timeZone: period.timeZone })}>{customer.name}</a>
          ),
        },
        { header: 'Period', cell: (row) => row.period.label },
        { header: 'Status', cell: (row) => row.status },
        { header: 'Total', isNumber: true, cell: (row) => <Money amount={row.totalMicros} currency={row.currency} /> },
      ]}
    />
  );
}
