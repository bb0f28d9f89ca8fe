import type { Decision } from '#outcomes';
import type { ConversationSummary } from '#traces';
import { addressOf } from '../components/addresses.js';
import { formatCount } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Money } from '../components/money.js';
import { Table, type Column } from '../components/table.js';
import { inWords } from '../components/words.js';

export interface ListedConversation {
  conversation: ConversationSummary;
  /** The decisions that stand, by episode; null where the list does not show them. */
  decisions: readonly Decision[] | null;
}

export function ConversationTable({ conversations }: { conversations: readonly ListedConversation[] }) {
  const columns: Column<ListedConversation>[] = [
    { header: 'Conversation', cell: ({ conversation: { conversationId } }) => <a class="id" href={addressOf.conversation(conversationId)}>{conversationId}</a> },
    { header: 'Customer', cell: ({ conversation }) => conversation.customerId || '–' },
    { header: 'Last active', cell: ({ conversation }) => <Instant at={conversation.lastSeenAt} /> },
    { header: 'Turns', isNumber: true, cell: ({ conversation }) => formatCount(conversation.turns) },
  ];
  const outcomes: Column<ListedConversation>[] = [
    { header: 'Outcome', cell: ({ decisions }) => eachOf(decisions, (decision) => inWords(decision.outcome), 'not decided yet') },
    { header: 'Amount', isNumber: true, cell: ({ decisions }) => eachOf(decisions, amountOf, '–') },
  ];
  return (
    <Table
      caption="Newest activity first"
      rows={conversations}
      columns={conversations.some(({ decisions }) => decisions !== null) ? [...columns, ...outcomes] : columns}
      empty={
        <>
          No conversation has arrived yet. A span belongs to one when it, or any span of its trace, carries <code>gen_ai.conversation.id</code>.
        </>
      }
    />
  );
}

function amountOf({ isBillable, amountMicros, currency }: Decision) {
  return isBillable ? <Money amount={amountMicros} currency={currency} /> : 'not billable';
}

function eachOf(decisions: readonly Decision[] | null, cell: (decision: Decision) => unknown, none: string) {
  if (decisions === null || decisions.length === 0) return none;
  return decisions.map((decision) => <div>{cell(decision) as string}</div>);
}
