import { minorDigits, statementIdOf, type Statement } from '#billing';
import type { PeriodStatus } from '#ledger';
import { formatMicros } from '#platform';
import { formatMinor } from '../components/figures.js';
import { Instant, WallClock } from '../components/instant.js';
import { Money } from '../components/money.js';
import { Facts, Stat, Stats } from '../components/stat.js';
import { Layout } from '../shell/layout.js';
import { LineTable } from './line-table.js';

export interface StatementPageProps {
  organizationId: string;
  statement: Statement;
  isSandbox: boolean;
}

const STATUS_IN_WORDS: Record<PeriodStatus, string> = {
  open: 'open: outcomes may still be decided in it',
  closing: 'closing: the period is over, and is locked after a time of grace',
  locked: 'locked: what changes from now on is corrected in a later period',
};

export function StatementPage({ organizationId, statement, isSandbox }: StatementPageProps) {
  const { customer, currency, period, status, lockedAt, snapshotSha256, totalMicros, totalMinor, ledgerBalanceMicros } = statement;
  const digits = minorDigits(currency);
  return (
    <Layout title={`Statement for ${customer.name}, ${period.label}`} section="statements" organization={organizationId}>
      <Facts
        facts={[
          ['Customer', <>{customer.name} <code>{customer.id}</code></>],
          ['Period', <PeriodBounds period={period} />],
          ['Time zone', period.timeZone ?? 'of a contract that is not known any more; shown in UTC'],
          ['Status', STATUS_IN_WORDS[status]],
          ...(lockedAt && snapshotSha256 ? [['Locked', <><Instant at={lockedAt} />, SHA-256 <code>{snapshotSha256}</code></>] as const] : []),
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
      </section>
      <section id="evidence">
        <h2>Evidence</h2>
        <p>
          The customer can recount this statement without you, from every decision in it, the contract texts and a small verifier. This writes
          them into a directory:
        </p>
        <p>
          <code>npx astrolabe evidence export --statement {inShell(statementIdOf(statement))}</code>
        </p>
      </section>
    </Layout>
  );
}

/** Copied into a shell it is one word, whatever a customer is called. */
function inShell(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
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
