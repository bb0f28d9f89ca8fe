import { minorDigits, type Statement, type StatementCharge, type StatementLine } from '#billing';
import type { TierShare } from '#outcomes';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatMinor } from '../components/figures.js';
import { Money } from '../components/money.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { quantityText, termText, unitPriceText } from './price-in-words.js';
import { addressOfStatement } from './statement-address.js';

/** A line with all its charges, one of them, or a tier of one. A line of one charge without tiers is one row. */
type Row =
  | { rank: 'line'; line: StatementLine; charge?: StatementCharge | undefined }
  | { rank: 'charge'; line: StatementLine; charge: StatementCharge }
  | { rank: 'tier'; tier: TierShare };

/** Lines with the charges they consist of, and of each charge the tiers that its price has. */
export function LineTable({ statement }: { statement: Statement }) {
  const { currency, lines } = statement;
  const digits = minorDigits(currency);
  const money = (amount: bigint) => <Money amount={amount} currency={currency} />;
  const outcomesIn = (row: Row) => (row.rank !== 'tier' && row.charge?.kind === 'outcome' ? row.charge : undefined);
  const counted = (row: Row) => (row.rank === 'line' && row.line.kind === 'outcome' ? row.line : outcomesIn(row));
  return (
    <Table
      caption={`By outcome, grade of evidence and tier, in ${currency}`}
      rows={lines.flatMap(rowsOf)}
      classOf={({ rank }) => `rank-${rank}`}
      empty="Nothing is booked in this period."
      columns={[
        { header: 'Line', cell: (row) => nameOf(row, statement) },
        { header: 'Outcomes', isNumber: true, cell: (row) => formatDefined(counted(row)?.outcomes, formatCount) },
        { header: 'Taken back', isNumber: true, cell: (row) => formatDefined(counted(row)?.reversals, formatCount) },
        { header: 'Quantity', isNumber: true, cell: (row) => formatDefined(row.rank === 'tier' ? row.tier.quantity : outcomesIn(row)?.quantityMicros, quantityText) },
        { header: 'Each', isNumber: true, cell: (row) => (row.rank === 'tier' ? money(row.tier.unitMicros) : formatDefined(outcomesIn(row), (charge) => unitPriceText(charge, currency))) },
        { header: 'Exact', isNumber: true, cell: (row) => money(row.rank === 'tier' ? row.tier.amountMicros : row.rank === 'charge' ? row.charge.amountMicros : row.line.amountMicros) },
        { header: 'To pay', isNumber: true, cell: (row) => (row.rank === 'line' ? formatMinor(row.line.amountMinor, digits, currency) : '') },
      ]}
    />
  );
}

function formatDefined<Value>(value: Value | undefined, format: (value: Value) => string): string {
  return value === undefined ? '' : format(value);
}

function rowsOf(line: StatementLine): Row[] {
  const [only, ...others] = line.charges;
  if (only && others.length === 0 && tiersOf(only).length === 0) return [{ rank: 'line', line, charge: only }];
  return [{ rank: 'line', line }, ...line.charges.flatMap((charge): Row[] => [{ rank: 'charge', line, charge }, ...tiersOf(charge).map((tier): Row => ({ rank: 'tier', tier }))])];
}

/** One tier at one price says no more than its charge does. */
function tiersOf({ pricing, tiers }: StatementCharge): TierShare[] {
  return pricing && 'tiers' in pricing ? tiers : [];
}

const TERM_NAMES = { minimum: 'Minimum', commitment: 'Commitment', cap: 'Cap' };

function nameOf(row: Row, statement: Statement) {
  if (row.rank === 'tier') {
    const { from, upTo, flatMicros } = row.tier;
    return (
      <>
        {upTo === null ? `from ${quantityText(from)} on` : `${quantityText(from)} to ${quantityText(upTo)}`}
        {flatMicros !== 0n && <>, and <Money amount={flatMicros} currency={statement.currency} /> once</>}
      </>
    );
  }
  const { line, charge } = row;
  const correction = line.corrects && row.rank === 'line' ? `, corrects ${line.corrects.label}` : '';
  if (!charge) return `${line.kind === 'outcome' ? inWords(line.outcome ?? '') : TERM_NAMES[line.kind]}${correction}`;
  if (charge.kind === 'rounding') return 'rounding to the smallest unit';
  if (line.kind !== 'outcome') return `${termText(line, charge, statement.currency)}${correction}`;
  const outcome = row.rank === 'line' ? `${inWords(line.outcome ?? '')}, ` : '';
  return <a href={addressOf.statementCharge(addressOfStatement(statement), charge.id)}>{`${outcome}${inWords(charge.grade ?? '')}${correction}`}</a>;
}
