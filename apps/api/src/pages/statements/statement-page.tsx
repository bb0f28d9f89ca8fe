import { minorDigits, type Statement, type StatementLine } from '#billing';
import { formatMicros } from '#platform';
import { addressOf, type StatementAddress } from '../components/addresses.js';
import { formatCount, formatMinor } from '../components/figures.js';
import { Instant, WallClock } from '../components/instant.js';
import { Money } from '../components/money.js';
import { Facts, Stat, Stats } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';

export interface StatementPageProps {
  organizationId: string;
  statement: Statement;
  isSandbox: boolean;
}

export function addressOfStatement({ customer, period, currency }: Pick<Statement, 'customer' | 'period' | 'currency'>): StatementAddress {
  return { customerId: customer.id, period: period.label, currency, timeZone: period.timeZone };
}

export function StatementPage({ organizationId, statement, isSandbox }: StatementPageProps) {
  const { customer, currency, period, status, totalMicros, totalMinor, ledgerBalanceMicros } = statement;
  const digits = minorDigits(currency);
  return (
    <Layout title={`Statement for ${customer.name}, ${period.label}`} section="statements" organization={organizationId}>
      <Facts
        facts={[
          ['Customer', <>{customer.name} <code>{customer.id}</code></>],
          ['Period', <PeriodBounds period={period} />],
          ['Time zone', period.timeZone ?? 'of a contract that is not known any more; shown in UTC'],
          ['Status', status === 'open' ? 'open: outcomes may still be decided in it' : 'closing: the period is over'],
        ]}
      />
      <Stats label="Totals">
        <Stat label="Total to pay" note="each line rounded once, half to even">
          {formatMinor(totalMinor, digits, currency)}
        </Stat>
        <Stat label="Total, exact" note="the sum of the lines">
          <Money amount={totalMicros} currency={currency} />
        </Stat>
        <Stat label="Ledger" note={totalMicros === ledgerBalanceMicros ? 'equal to the total' : 'differs from the total'}>
          <Money amount={ledgerBalanceMicros} currency={currency} />
        </Stat>
        <StripeStat statement={statement} isSandbox={isSandbox} />
      </Stats>
      <section>
        <h2>Lines</h2>
        <LineTable statement={statement} />
        <p class="note">
          Evidence that the customer can recount offline: <code>astrolabe evidence export --statement {customer.id}/{period.label} --currency {currency}</code>
        </p>
      </section>
    </Layout>
  );
}

function PeriodBounds({ period: { start, end, timeZone } }: Pick<Statement, 'period'>) {
  const zone = timeZone ?? 'UTC';
  return (
    <>
      <WallClock at={start} timeZone={zone} /> up to <WallClock at={end} timeZone={zone} />
    </>
  );
}

function StripeStat({ statement: { stripe, currency, ledgerBalanceMicros }, isSandbox }: Pick<StatementPageProps, 'statement' | 'isSandbox'>) {
  const label = isSandbox ? 'Stripe sandbox, read back' : "Stripe's meter, read back";
  const stand = isSandbox ? ' A local stand-in: nothing is charged.' : '';
  if (stripe.amountMicros === null || stripe.asOf === null) {
    return (
      <Stat label={label} isEmpty note={`No reconciliation has looked yet.${stand}`}>
        not read yet
      </Stat>
    );
  }
  const difference = ledgerBalanceMicros - stripe.amountMicros;
  const verdict = difference === 0n ? 'equal to the ledger' : `the ledger says ${formatMicros(difference < 0n ? -difference : difference)} ${difference > 0n ? 'more' : 'less'}`;
  return (
    <Stat label={label} note={<>{verdict}, as of <Instant at={stripe.asOf} />.{stand}</>}>
      <Money amount={stripe.amountMicros} currency={currency} />
    </Stat>
  );
}

function LineTable({ statement }: { statement: Statement }) {
  const { currency, lines } = statement;
  const digits = minorDigits(currency);
  const nameOf = (line: StatementLine) => `${inWords(line.outcome)}${line.kind === 'reversal' ? ', taken back' : ''}`;
  return (
    <Table
      caption={`Outcomes of the period by grade of evidence, in ${currency}`}
      rows={lines}
      empty="Nothing is booked in this period."
      columns={[
        { header: 'Outcome', cell: (line) => <a href={addressOf.statementLine(addressOfStatement(statement), line)}>{nameOf(line)}</a> },
        { header: 'Grade', cell: (line) => inWords(line.grade) },
        { header: 'Count', isNumber: true, cell: (line) => formatCount(line.count) },
        { header: 'Each', isNumber: true, cell: (line) => (line.unitAmountMicros === null ? 'several prices' : <Money amount={line.unitAmountMicros} currency={currency} />) },
        { header: 'Exact', isNumber: true, cell: (line) => <Money amount={line.amountMicros} currency={currency} /> },
        { header: 'To pay', isNumber: true, cell: (line) => formatMinor(line.amountMinor, digits, currency) },
      ]}
    />
  );
}
