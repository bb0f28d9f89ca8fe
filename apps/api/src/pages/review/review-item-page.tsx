import type { Decision, ItemForReviewer, Label, ReviewQuestion } from '#outcomes';
import { addressOf, type ReviewFilter } from '../components/addresses.js';
import { formatCount } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Facts } from '../components/stat.js';
import { inWords, reasonInWords } from '../components/words.js';
import { Explanation } from '../conversations/decision-panel.js';
import type { TurnView } from '../conversations/read-conversation.js';
import { REVIEW_KEYS_PATH } from '../shell/assets.js';
import { Layout } from '../shell/layout.js';
import { LastLabel } from './last-label.js';
import type { Utterance } from './read-transcript.js';
import { TurnDigest } from './turn-digest.js';

export interface ReviewItemPageProps {
  organizationId: string;
  token: string;
  reviewer: string;
  mayChange: boolean;
  filter: ReviewFilter;
  item: ItemForReviewer & { decision: Decision };
  turns: readonly TurnView[];
  /** Empty where message bodies are not kept. */
  transcript: readonly Utterance[];
  neighbours: { previous: string | null; next: string | null };
  last: Label | null;
  lastLabelled: ItemForReviewer | null;
  /** How many are still to label. */
  left: number;
}

/** One decision and all that it rests on, with what is asked about it. What others said comes after one's own answers. */
export function ReviewItemPage(props: ReviewItemPageProps) {
  const { organizationId, item, filter, left, reviewer, turns, transcript } = props;
  const { decision } = item;
  return (
    <Layout
      title={`Review of ${decision.conversationId}`}
      heading={<>Review of <span class="id">{decision.conversationId}</span>{decision.episode > 1 && `, episode ${decision.episode}`}</>}
      section="review"
      organization={organizationId}
      script={REVIEW_KEYS_PATH}
    >
      <p class="note">
        <a href={addressOf.review(filter)}>Queue</a>, {formatCount(left)} left to label · {reviewer}
      </p>
      <LastLabel {...props} />
      <div class="review">
        <div class="review-evidence">
          <Said transcript={transcript} />
          <h2>What happened</h2>
          {turns.length === 0 && <p class="empty">The spans of this episode are no longer kept. What was decided on them is below.</p>}
          {turns.map((turn) => (
            <TurnDigest turn={turn} />
          ))}
          <p class="note">
            <a href={addressOf.conversation(decision.conversationId, decision.episode)}>Every span of the conversation</a>
          </p>
          <h2>Why it was decided so</h2>
          <Explanation decision={decision} />
          <FactList facts={decision.facts} />
        </div>
        <Judgement {...props} />
      </div>
    </Layout>
  );
}

function Said({ transcript }: { transcript: readonly Utterance[] }) {
  return (
    <>
      <h2>What was said</h2>
      {transcript.length === 0 ? (
        <p class="empty">No message bodies are kept of this episode. What it did is below.</p>
      ) : (
        <ol class="transcript">
          {transcript.map(({ speaker, text }) => (
            <li class={speaker === 'user' ? 'from-user' : undefined}>
              <span class="speaker">{inWords(speaker)}</span>
              <div>{text}</div>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function FactList({ facts }: { facts: Decision['facts'] }) {
  const isSomething = (value: unknown) => value !== null && value !== '' && value !== false && value !== 0 && !(Array.isArray(value) && value.length === 0);
  const shown = Object.entries(facts).filter(([, value]) => isSomething(value));
  return (
    <details>
      <summary>The facts of the episode</summary>
      <Facts facts={shown.map(([name, value]) => [inWords(name), typeof value === 'string' || typeof value === 'number' ? value : <code>{JSON.stringify(value)}</code>] as const)} />
      <p class="note">What is false, empty or 0 is left out.</p>
    </details>
  );
}

function Judgement(props: ReviewItemPageProps) {
  const { item, neighbours, filter, mayChange } = props;
  const { decision, questions, own, others } = item;
  const firstOpen = questions.find(({ id }) => !own.some(({ question }) => question === id)) ?? questions[0];
  return (
    <aside class="panel review-judgement" aria-labelledby="decided">
      <h2 id="decided">What was decided</h2>
      <Facts
        facts={[
          ['Outcome', <strong>{inWords(decision.outcome)}</strong>],
          ['Billable', `${decision.isBillable ? 'yes' : 'no'}: ${reasonInWords(decision.reason)}`],
          ['Grade of evidence', decision.grade === null ? '–' : inWords(decision.grade)],
          ['Agent', decision.agent || 'not named'],
          ['Locale', decision.locale || 'not named'],
          ['Up for review', item.item.reasons.map(({ why, note }) => (note === '' ? why : `${why}: ${note}`)).join('; ')],
        ]}
      />
      {item.item.isStanding ? null : <p class="problem">A later revision replaced this decision. What is said of it stands in no figure.</p>}
      {questions.map((question) => (
        <Question {...props} question={question} hasKeys={question === firstOpen} />
      ))}
      {!mayChange && <p class="note">This key may only read. To label, log in with a key with the scope operate.</p>}
      {others && <Others {...props} others={others} />}
      <nav class="pager" aria-label="Queue">
        {neighbours.previous !== null && (
          <a href={addressOf.reviewItem(neighbours.previous, filter)} rel="prev" data-key="k ArrowLeft">
            Previous <kbd>k</kbd>
          </a>
        )}
        {neighbours.next !== null && (
          <a href={addressOf.reviewItem(neighbours.next, filter)} rel="next" data-key="j ArrowRight">
            Next <kbd>j</kbd>
          </a>
        )}
      </nav>
      <Keys />
    </aside>
  );
}

function Question({ question: { id, ask, answers }, hasKeys, item, token, filter, mayChange }: ReviewItemPageProps & { question: ReviewQuestion; hasKeys: boolean }) {
  const given = item.own.find(({ question }) => question === id);
  const settled = item.item.adjudications.findLast(({ question }) => question === id);
  if (settled && item.others !== null) {
    return (
      <div class="good">
        <p>
          {ask} <strong>{settled.answer}</strong>
        </p>
        <p>
          Settled by {settled.adjudicator}, <Instant at={settled.adjudicatedAt} />: {settled.reason}
        </p>
      </div>
    );
  }
  if (settled) return null;
  const hasKey = (index: number) => hasKeys && index < 9;
  return (
    <form class="question" method="post" action={actionOf(item.decision.id, 'labels', filter)}>
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="question" value={id} />
      {item.others !== null && item.others.length > 0 && <input type="hidden" name="sawOthers" value="yes" />}
      <fieldset disabled={!mayChange}>
        <legend>{ask}</legend>
        <div class="answers">
          {answers.map((answer, index) => (
            <button type="submit" name="answer" value={answer} class={given?.answer === answer ? undefined : 'choice'} data-key={hasKey(index) ? String(index + 1) : undefined}>
              {hasKey(index) && <kbd>{index + 1}</kbd>} {answer}
              {given?.answer === answer && <span class="hidden">, your answer</span>}
            </button>
          ))}
        </div>
        <label class="note-field">
          Note, if there is one
          <textarea name="note" rows={2} maxLength={4000}>
            {given?.note ?? ''}
          </textarea>
        </label>
      </fieldset>
    </form>
  );
}

function Others(props: ReviewItemPageProps & { others: readonly Label[] }) {
  const { others, item } = props;
  if (others.length === 0) return <p class="note">Nobody else has labelled it yet.</p>;
  const disputed = item.state === 'disagreed' ? item.questions.filter(({ id }) => new Set([...item.own, ...others].filter(({ question }) => question === id).map(({ answer }) => answer)).size > 1) : [];
  const open = disputed.filter(({ id }) => !item.item.adjudications.some(({ question }) => question === id));
  return (
    <>
      <h3>What others said</h3>
      <ul class="plain others">
        {others.map(({ labeller, answer, note, question }) => (
          <li>
            {labeller}: <strong>{answer}</strong>
            {item.questions.length > 1 && ` (${inWords(question)})`}
            {note !== '' && <span class="span-note">{note}</span>}
          </li>
        ))}
      </ul>
      {open.map((question) => (
        <Adjudicate {...props} question={question} />
      ))}
    </>
  );
}

function Adjudicate({ question: { id, ask, answers }, item, token, filter, mayChange }: ReviewItemPageProps & { question: ReviewQuestion }) {
  return (
    <form class="question" method="post" action={actionOf(item.decision.id, 'adjudications', filter)}>
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="question" value={id} />
      <fieldset disabled={!mayChange}>
        <legend>Settle it: {ask}</legend>
        <div class="answers">
          {answers.map((answer) => (
            <label>
              <input type="radio" name="answer" value={answer} required /> {answer}
            </label>
          ))}
        </div>
        <label class="note-field">
          Why
          <textarea name="reason" rows={2} required maxLength={4000} />
        </label>
        <button type="submit">Settle</button>
      </fieldset>
    </form>
  );
}

function Keys() {
  return (
    <details class="with-script" hidden>
      <summary data-key="?">
        Keys <kbd>?</kbd>
      </summary>
      <dl class="keys">
        <Key keys="1 – 9" does="choose an answer" />
        <Key keys="j →" does="next decision" />
        <Key keys="k ←" does="previous decision" />
        <Key keys="u" does="take your last answer back" />
        <Key keys="?" does="show or hide this" />
      </dl>
      <label>
        <input type="checkbox" id="keys-on" /> Keys are on
      </label>
    </details>
  );
}

function Key({ keys, does }: { keys: string; does: string }) {
  return (
    <div>
      <dt>
        {keys.split(' – ').length > 1 ? <kbd>{keys}</kbd> : keys.split(' ').map((key) => <kbd>{key}</kbd>)}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}

function actionOf(decisionId: string, what: 'labels' | 'adjudications', filter: ReviewFilter): string {
  return `/review/items/${encodeURIComponent(decisionId)}/${what}${addressOf.review(filter).slice('/review'.length)}`;
}
