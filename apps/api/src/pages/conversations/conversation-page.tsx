import type { ConversationSignalRow, ConversationSummary } from '#traces';
import { evidenceAnchor, type StatementAddress } from '../components/addresses.js';
import { formatCount, formatDuration, formatNoun, sumUsd } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Cost } from '../components/money.js';
import { Facts } from '../components/stat.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';
import { DecisionPanel } from './decision-panel.js';
import type { EpisodeView, TurnView } from './read-conversation.js';
import { layOutWaterfall } from './waterfall.js';
import { WaterfallLegend, WaterfallPatterns, WaterfallTable } from './waterfall-table.js';

export interface ConversationPageProps {
  organizationId: string;
  conversation: ConversationSummary;
  episodes: readonly EpisodeView[];
  /** Where each episode's outcome is on, by episode. */
  statements: ReadonlyMap<number, StatementAddress>;
}

export function ConversationPage({ organizationId, conversation, episodes, statements }: ConversationPageProps) {
  const turns = episodes.flatMap((episode) => episode.turns);
  const agents = [...new Set(turns.flatMap((turn) => turn.spans.map((span) => span.agent)))].filter((agent) => agent !== '');
  return (
    <Layout
      title={`Conversation ${conversation.conversationId}`}
      heading={<>Conversation <span class="id">{conversation.conversationId}</span></>}
      section="conversations"
      organization={organizationId}
    >
      <WaterfallPatterns />
      <Facts
        facts={[
          ['Customer', conversation.customerId || 'not named by the spans'],
          ['Agent', agents.join(', ') || 'not named by the spans'],
          ['Turns', formatCount(turns.length)],
          ['From', <Instant at={conversation.firstSeenAt} />],
          ['To', <Instant at={conversation.lastSeenAt} />],
          ['Model cost', <Cost usd={sumUsd(turns.map((turn) => turn.summary.cost.knownUsd))} unknownCalls={turns.reduce((sum, turn) => sum + turn.summary.cost.unknownCalls, 0)} />],
        ]}
      />
      <WaterfallLegend />
      {episodes.map((episode) => (
        <EpisodeSection episode={episode} statement={statements.get(episode.decision?.episode ?? 0) ?? null} />
      ))}
    </Layout>
  );
}

function EpisodeSection({ episode: { decision, earlier, turns }, statement }: { episode: EpisodeView; statement: StatementAddress | null }) {
  return (
    <section id={decision === null ? 'undecided' : `episode-${decision.episode}`}>
      <h2>{decision === null ? 'Not decided yet' : `Episode ${decision.episode}`}</h2>
      {decision === null ? (
        <p class="empty">These turns are decided when the conversation has been quiet for the contract's window, or says that it is over.</p>
      ) : (
        <DecisionPanel decision={decision} earlier={earlier} statement={statement} />
      )}
      {turns.map((turn) => (
        <Turn turn={turn} />
      ))}
    </section>
  );
}

function Turn({ turn }: { turn: TurnView }) {
  const waterfall = layOutWaterfall(turn.spans);
  const { modelCalls, parallelism, cost, speculation } = turn.summary;
  return (
    <article class="turn">
      <h3>Turn {turn.number}</h3>
      <p class="note">
        <Instant at={turn.startedAt} /> · {formatDuration(waterfall.durationNs)} · {formatNoun(turn.spans.length, 'span')} · {formatNoun(modelCalls, 'model call')}
        {modelCalls > 1 && `, ${parallelism.toFixed(1)} at once`} ·{' '}
        {modelCalls === 0 ? 'no model cost' : <Cost usd={cost.knownUsd} unknownCalls={cost.unknownCalls} digits={6} />}
        {speculation.wastedCalls > 0 && (
          <>
            {' '}
            · wasted on speculation: <Cost usd={speculation.wastedCost.knownUsd} unknownCalls={speculation.wastedCost.unknownCalls} digits={6} />
          </>
        )}{' '}
        · trace <code class="id">{turn.traceIds.join(', ')}</code>
      </p>
      <WaterfallTable caption={`Spans of turn ${turn.number}`} waterfall={waterfall} />
      {turn.signals.length > 0 && <SignalTable turn={turn} />}
    </article>
  );
}

function SignalTable({ turn }: { turn: TurnView }) {
  const at = ({ at_ns: ns }: ConversationSignalRow) => new Date(Number(BigInt(ns) / 1_000_000n));
  return (
    <Table
      caption={`Signals of turn ${turn.number}`}
      rows={turn.signals}
      anchorOf={(row) => evidenceAnchor({ kind: 'signal', traceId: row.trace_id, id: row.signal_id })}
      empty=""
      columns={[
        { header: 'Signal', cell: (row) => inWords(row.name || row.kind) },
        { header: 'Value', cell: (row) => row.value || '–' },
        { header: 'From', cell: (row) => row.source || 'not told' },
        { header: 'At', cell: (row) => <Instant at={at(row)} /> },
      ]}
    />
  );
}
