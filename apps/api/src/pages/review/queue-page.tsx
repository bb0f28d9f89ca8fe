import type { ItemForReviewer, Label } from '#outcomes';
import { addressOf, type ReviewFilter } from '../components/addresses.js';
import { formatCount, formatNoun } from '../components/figures.js';
import { Stat, Stats } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { REVIEW_KEYS_PATH } from '../shell/assets.js';
import { Layout } from '../shell/layout.js';
import { LastLabel } from './last-label.js';
import { NO_LOCALE, filterQueue } from './queue-filter.js';

export interface QueuePageProps {
  organizationId: string;
  token: string;
  reviewer: string;
  mayChange: boolean;
  filter: ReviewFilter;
  /** Everything up for review. */
  queue: readonly ItemForReviewer[];
  /** What the filter shows of it, on this page. */
  shown: readonly ItemForReviewer[];
  /** From 1. */
  page: number;
  hasMore: boolean;
  last: Label | null;
  lastLabelled: ItemForReviewer | null;
}

const STATES = [
  ['to_label', 'to label'],
  ['labelled', 'labelled by you'],
  ['disagreed', 'you and others disagree'],
  ['adjudicated', 'settled'],
  ['assigned', 'somebody else’s'],
  ['all', 'all'],
] as const;

/** What of the decisions people look at, and how far they are. */
export function QueuePage(props: QueuePageProps) {
  const { organizationId, queue, mayChange } = props;
  return (
    <Layout title="Review" section="review" organization={organizationId} script={REVIEW_KEYS_PATH}>
      <p class="lead">
        People say of sampled decisions whether they are right. What they find is in the <a href="/review/report">report</a>: agreement, precision and recall.
      </p>
      <LastLabel {...props} />
      {queue.length === 0 ? <NothingToReview mayChange={mayChange} /> : <Queue {...props} />}
      {mayChange ? <Forms {...props} /> : <p class="note">This key may only read. To label, log in with a key with the scope operate.</p>}
    </Layout>
  );
}

function NothingToReview({ mayChange }: { mayChange: boolean }) {
  return (
    <div class="empty">
      <p>
        Nothing is up for review yet. Draw a sample {mayChange ? 'below' : 'with a key that may'}, or on the command line: <code>astrolabe review sample --period 2026-11 --per-stratum 30</code>.
      </p>
      <p>It takes so many decisions of each outcome and locale, billable or not, at random and the same each time. One decision alone is added with its id: POST /api/v1/review/items.</p>
    </div>
  );
}

function Queue({ filter, queue, shown, page, hasMore, reviewer }: QueuePageProps) {
  const count = (state: ItemForReviewer['state']) => queue.filter((each) => each.state === state).length;
  const [first] = filterQueue(queue, { ...filter, state: 'to_label' });
  return (
    <>
      <Stats label="Progress">
        <Stat label={`To label, ${reviewer}`}>{formatCount(count('to_label'))}</Stat>
        <Stat label="Labelled by you" note={`of ${formatNoun(queue.length, 'decision')} up for review`}>
          {formatCount(queue.filter(({ own }) => own.length > 0).length)}
        </Stat>
        <Stat label="To settle" note="where you and others disagree">{formatCount(count('disagreed'))}</Stat>
        <Stat label="Settled">{formatCount(count('adjudicated'))}</Stat>
      </Stats>
      {first && (
        <p>
          <a class="button" href={addressOf.reviewItem(first.item.decision.id, filter)}>
            {queue.some(({ own }) => own.length > 0) ? 'Go on labelling' : 'Start labelling'}
          </a>
        </p>
      )}
      <Filter filter={filter} queue={queue} />
      <QueueTable filter={filter} shown={shown} />
      {(page > 1 || hasMore) && (
        <nav class="pager" aria-label="Pages of the list">
          {page > 1 && (
            <a href={addressOf.review(filter, page - 1)} rel="prev">
              Earlier
            </a>
          )}
          {hasMore && (
            <a href={addressOf.review(filter, page + 1)} rel="next">
              Later
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function Filter({ filter, queue }: { filter: ReviewFilter; queue: readonly ItemForReviewer[] }) {
  const outcomes = [...new Set(queue.map(({ item }) => item.decision.outcome))].sort();
  const locales = [...new Set(queue.map(({ item }) => item.decision.locale || NO_LOCALE))].sort();
  return (
    <form class="compare" method="get" action="/review">
      <Choice label="State" name="state" chosen={filter.state ?? 'to_label'} options={STATES} />
      <Choice label="Outcome" name="outcome" chosen={filter.outcome ?? ''} options={[['', 'every outcome'], ...outcomes.map((name) => [name, inWords(name)] as const)]} />
      <Choice label="Locale" name="locale" chosen={filter.locale ?? ''} options={[['', 'every locale'], ...locales.map((name) => [name, name === NO_LOCALE ? 'not named' : name] as const)]} />
      <button type="submit">Show</button>
    </form>
  );
}

function Choice({ label, name, chosen, options }: { label: string; name: string; chosen: string; options: readonly (readonly [value: string, text: string])[] }) {
  return (
    <label>
      {label}
      <select name={name}>
        {options.map(([value, text]) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function QueueTable({ filter, shown }: { filter: ReviewFilter; shown: readonly ItemForReviewer[] }) {
  const stateText = new Map<string, string>(STATES);
  return (
    <Table
      caption="In the order of labelling"
      rows={shown}
      empty={
        (filter.state ?? 'to_label') === 'to_label' ? (
          <>
            Nothing here is left for you to label. See <a href={addressOf.review({ ...filter, state: 'disagreed' })}>where you and others disagree</a>, or the <a href="/review/report">report</a>.
          </>
        ) : (
          'Nothing up for review is like this. Choose another state, outcome or locale.'
        )
      }
      columns={[
        { header: 'Conversation', cell: ({ item: { decision } }) => <a class="id" href={addressOf.reviewItem(decision.id, filter)}>{decision.conversationId}{decision.episode > 1 && `, episode ${decision.episode}`}</a> },
        { header: 'Outcome', cell: ({ item: { decision } }) => inWords(decision.outcome) },
        { header: 'Billable', cell: ({ item: { decision } }) => (decision.isBillable ? 'yes' : 'no') },
        { header: 'Locale', cell: ({ item: { decision } }) => decision.locale || 'not named' },
        { header: 'Why', cell: ({ item: { reasons } }) => [...new Set(reasons.map(({ why }) => why))].join(', ') },
        { header: 'State', cell: ({ state, item: { assignedTo } }) => (state === 'assigned' ? `${assignedTo ?? 'somebody'}’s` : (stateText.get(state) ?? state)) },
        { header: 'Your answer', cell: ({ own }) => own.map(({ answer }) => answer).join(', ') || '–' },
      ]}
    />
  );
}

function Forms({ token, reviewer, queue }: QueuePageProps) {
  return (
    <>
      <h2>You</h2>
      <form class="compare" method="post" action="/review/reviewer">
        <input type="hidden" name="token" value={token} />
        <label>
          Your name, beside every label
          <input name="name" value={reviewer} required maxLength={100} autoComplete="name" />
        </label>
        <button type="submit">Label under this name</button>
      </form>
      <h2>Draw a sample</h2>
      <p class="note">Of each outcome and locale, billable or not, of one month in UTC. What was drawn before is counted, so that the same again adds nothing.</p>
      <form class="compare" method="post" action="/review/samples" id="sample">
        <input type="hidden" name="token" value={token} />
        <label>
          Month, such as 2026-11
          <input name="period" required pattern="\d{4}-(0[1-9]|1[0-2])" value={periodOf(queue)} placeholder="2026-11" size={9} />
        </label>
        <label>
          Decisions of each
          <input name="perStratum" type="number" min={1} max={10000} required value={30} />
        </label>
        <button type="submit">Draw</button>
      </form>
    </>
  );
}

// Most likely more of the same.
function periodOf(queue: readonly ItemForReviewer[]): string {
  return queue.flatMap(({ item }) => item.reasons.flatMap(({ draw }) => draw?.period ?? [])).sort().at(-1) ?? '';
}
