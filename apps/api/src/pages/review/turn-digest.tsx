import { formatDuration, formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { inWords } from '../components/words.js';
import type { TurnView } from '../conversations/read-conversation.js';

/** What bears on the outcome in one turn: what tools did and what was observed, in order, without the models that led there. */
export function TurnDigest({ turn }: { turn: TurnView }) {
  const { spans, signals } = turn;
  const from = spans.reduce((least, span) => (BigInt(span.started_at_ns) < least ? BigInt(span.started_at_ns) : least), BigInt(spans[0]?.started_at_ns ?? 0));
  const tools = spans
    .filter(({ tool }) => tool !== '')
    .map(({ tool, status, status_message: message, started_at_ns: at }) => ({ at: BigInt(at), what: `called ${tool}`, result: status === 'error' ? `failed${message === '' ? '' : `: ${message}`}` : 'done', isBad: status === 'error' }));
  const observed = signals.map(({ name, kind, source, value, at_ns: at }) => ({ at: BigInt(at), what: inWords(name || kind), result: [value, source && `from ${source}`].filter((part) => part !== '').join(', '), isBad: false }));
  const events = [...tools, ...observed].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return (
    <article class="digest">
      <h3>Turn {turn.number}</h3>
      <p class="note">
        <Instant at={turn.startedAt} /> · {formatNoun(turn.summary.modelCalls, 'model call')}
      </p>
      {events.length === 0 ? (
        <p class="note">No tool was called and nothing was observed.</p>
      ) : (
        <ol class="plain">
          {events.map(({ at, what, result, isBad }) => (
            <li>
              <span class="offset">{at <= from ? '0' : formatDuration(at - from)}</span>
              <span>
                {what} <span class={isBad ? 'mark failed' : 'mark'}>{result}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}
