import { addressOf } from '../components/addresses.js';
import { Layout } from '../shell/layout.js';
import { ConversationTable, type ListedConversation } from './conversation-table.js';

export interface ConversationListPageProps {
  organizationId: string;
  conversations: readonly ListedConversation[];
  /** From 1. */
  page: number;
  hasMore: boolean;
}

export function ConversationListPage({ organizationId, conversations, page, hasMore }: ConversationListPageProps) {
  return (
    <Layout title={page === 1 ? 'Conversations' : `Conversations, page ${page}`} section="conversations" organization={organizationId}>
      {page > 1 && conversations.length === 0 ? (
        <p class="empty">
          There is no page {page}. Go to the <a href={addressOf.conversations(1)}>first</a>.
        </p>
      ) : (
        <ConversationTable conversations={conversations} />
      )}
      {(page > 1 || hasMore) && (
        <nav class="pager" aria-label="Pages of the list">
          {page > 1 && (
            <a href={addressOf.conversations(page - 1)} rel="prev">
              Newer
            </a>
          )}
          {hasMore && (
            <a href={addressOf.conversations(page + 1)} rel="next">
              Older
            </a>
          )}
        </nav>
      )}
    </Layout>
  );
}
