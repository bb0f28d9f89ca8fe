import type { Agreement, Measured, ReviewGroup, ReviewReport } from '#outcomes';
import { formatCount, formatNoun, formatShare } from '../components/figures.js';
import { Stat, Stats } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';

const MINUS = '−';

/** How right people find what was decided, and how far they agree in that. */
export function ReportPage({ organizationId, report }: { organizationId: string; report: ReviewReport }) {
  return (
    <Layout title="Review report" section="review" organization={organizationId}>
      {report.sampled === 0 ? (
        <p class="empty">
          Nothing that stands was sampled, and only a sample says something of the rest. <a href="/review#sample">Draw one</a>, and label it.
        </p>
      ) : (
        <Figures report={report} />
      )}
    </Layout>
  );
}

function Figures({ report }: { report: ReviewReport }) {
  const { total, nMin } = report;
  return (
    <>
      <p class="lead">
        {formatNoun(report.sampled, 'sampled decision')}: {formatCount(report.settled)} settled, {formatCount(report.undecided)} undecided. Left out: {formatCount(report.replaced)} that a later revision replaced,{' '}
        {formatCount(report.notSampled)} that were picked or disputed.
      </p>
      <Stats label="In all">
        <Stat label="Precision" note={total.precision ? noteOf(total.precision) : undefined} isEmpty={total.precision?.kind !== 'measured'}>
          {total.precision ? rateOf(total.precision) : 'nothing billable'}
        </Stat>
        <Stat label="Recall" note={total.recall ? noteOf(total.recall) : undefined} isEmpty={total.recall?.kind !== 'measured'}>
          {total.recall ? rateOf(total.recall) : 'nothing billable'}
        </Stat>
        <Stat label="Agreement, Krippendorff’s alpha" note={agreementNote(total.agreement)} isEmpty={total.agreement.alpha === null}>
          {alphaOf(total.agreement, nMin)}
        </Stat>
      </Stats>
      <p class="note">
        Precision: of what is billed, the share that people find right. Recall: of what people say was reached, the share that was billed. No figure is given of fewer than {formatCount(nMin)}. In brackets 95 %
        intervals.
      </p>
      <h2>By locale</h2>
      <GroupTable caption="Over all outcomes" groups={report.byLocale} nMin={nMin} />
      <h2>By outcome and locale</h2>
      <GroupTable caption="Each policy’s own: what it billed, and what people say that it missed" groups={[...report.byOutcome, ...report.byOutcomeAndLocale].sort(byName)} nMin={nMin} withOutcome />
      <h2>Labellers</h2>
      <Pairs agreement={total.agreement} nMin={nMin} />
      {report.otherQuestions.length > 0 && <OtherQuestions report={report} />}
      <Method />
    </>
  );
}

function GroupTable({ caption, groups, nMin, withOutcome = false }: { caption: string; groups: readonly ReviewGroup[]; nMin: number; withOutcome?: boolean }) {
  return (
    <Table
      caption={caption}
      rows={groups}
      empty="Nothing is labelled yet."
      columns={[
        ...(withOutcome ? [{ header: 'Outcome', cell: ({ outcome }: ReviewGroup) => inWords(outcome ?? 'all') }] : []),
        { header: 'Locale', cell: ({ locale }) => (locale === null ? 'all' : locale || 'not named') },
        { header: 'Precision', isNumber: true, cell: ({ precision }) => (precision ? <Rate rate={precision} /> : 'not billable') },
        { header: 'Recall', isNumber: true, cell: ({ recall }) => (recall ? <Rate rate={recall} /> : '–') },
        { header: 'Labelled by two or more', isNumber: true, cell: ({ agreement }) => formatCount(agreement.items) },
        { header: 'Alpha', isNumber: true, cell: ({ agreement }) => <Coefficient text={alphaOf(agreement, nMin)} interval={agreement.interval} /> },
      ]}
    />
  );
}

function Pairs({ agreement, nMin }: { agreement: Agreement; nMin: number }) {
  return (
    <Table
      caption="Each pair, on decisions that both labelled before they saw what the other said"
      rows={agreement.pairs}
      empty="No decision is labelled by two people yet. Agreement takes two: let somebody else label the same ones, under their own name."
      columns={[
        { header: 'Pair', cell: ({ labellers }) => labellers.join(' and ') },
        { header: 'Both labelled', isNumber: true, cell: ({ items }) => formatCount(items) },
        { header: 'Same answer', isNumber: true, cell: ({ observed, items }) => (observed === null ? tooFew(items) : formatShare(observed)) },
        { header: 'Cohen’s kappa', isNumber: true, cell: ({ kappa, interval, items }) => (items < nMin ? tooFew(items) : <Coefficient text={kappa === null ? 'undefined: one answer alone' : coefficient(kappa)} interval={interval} />) },
      ]}
    />
  );
}

function OtherQuestions({ report: { otherQuestions, nMin } }: { report: ReviewReport }) {
  return (
    <>
      <h2>Other questions</h2>
      <Table
        caption="Asked by contracts, and no measure of whether a decision is right"
        rows={otherQuestions}
        empty=""
        columns={[
          { header: 'Question', cell: ({ ask }) => ask },
          { header: 'Labelled by two or more', isNumber: true, cell: ({ agreement }) => formatCount(agreement.items) },
          { header: 'Alpha', isNumber: true, cell: ({ agreement }) => <Coefficient text={alphaOf(agreement, nMin)} interval={agreement.interval} /> },
        ]}
      />
    </>
  );
}

function Method() {
  return (
    <details>
      <summary>How this is worked out</summary>
      <ul>
        <li>What people say of a decision is what was settled, else the answer of more than half of them, else nothing. “Unsure” counts for neither side.</li>
        <li>Each month, outcome and locale, billable or not, is a random sample of its own, and weighs as much as it has decisions. Precision has Wilson’s interval.</li>
        <li>Recall compares outcomes that were right with misses among what was not billed. Each miss stands for as many as its sample was drawn from. Its interval is made of both (MOVER-R).</li>
        <li>Kappa and alpha are 0 where people agree no more often than by chance, and undefined where there was but one answer. The interval of alpha is a bootstrap over decisions.</li>
      </ul>
    </details>
  );
}

function Rate({ rate }: { rate: Measured }) {
  if (rate.kind !== 'measured') return <span>{rateOf(rate)}</span>;
  return (
    <span>
      {formatShare(rate.rate)} <span class="note">{intervalOf(rate.interval)}, n {formatCount(rate.n)}</span>
    </span>
  );
}

function Coefficient({ text, interval }: { text: string; interval: { lower: number; upper: number } | null }) {
  return (
    <span>
      {text} {interval && <span class="note">[{coefficient(interval.lower)}, {coefficient(interval.upper)}]</span>}
    </span>
  );
}

function rateOf(rate: Measured): string {
  switch (rate.kind) {
    case 'measured':
      return formatShare(rate.rate);
    case 'too_few':
      return tooFew(rate.n);
    case 'incomplete':
      return `not yet: ${formatShare(1 - rate.coverage, 0)} of it has no answer`;
  }
}

function noteOf(rate: Measured): string {
  if (rate.kind !== 'measured') return '';
  return `${intervalOf(rate.interval)}, of ${formatNoun(rate.n, 'answer')}${rate.coverage < 1 ? `, for ${formatShare(rate.coverage)} of the decisions` : ''}`;
}

function agreementNote({ items, labellers, interval }: Agreement): string {
  return `${interval ? `[${coefficient(interval.lower)}, ${coefficient(interval.upper)}], ` : ''}${formatNoun(items, 'decision')} by ${formatNoun(labellers, 'labeller')}`;
}

function alphaOf({ alpha, items }: Agreement, nMin: number): string {
  if (items < nMin) return tooFew(items);
  return alpha === null ? 'undefined: one answer alone' : coefficient(alpha);
}

const tooFew = (n: number) => `too few (${formatCount(n)})`;
const coefficient = (value: number) => value.toFixed(3).replace('-', MINUS);
const intervalOf = ({ lower, upper }: { lower: number; upper: number }) => `[${formatShare(lower)}, ${formatShare(upper)}]`;

function byName(a: ReviewGroup, b: ReviewGroup): number {
  return `${a.outcome ?? ''} ${a.locale === null ? '' : `1${a.locale}`}` < `${b.outcome ?? ''} ${b.locale === null ? '' : `1${b.locale}`}` ? -1 : 1;
}
