import type { EvidenceRef, ItemState } from '#outcomes';

/** Addresses of pages. Ids come from outside and are escaped here, once. */
export const addressOf = {
  conversation: (id: string, episode?: number): string => `/conversations/${encodeURIComponent(id)}${episode === undefined ? '' : `#episode-${episode}`}`,
  /** Where the conversation's page shows the span or the signal. */
  evidence: (conversationId: string, ref: EvidenceRef): string => `${addressOf.conversation(conversationId)}#${evidenceAnchor(ref)}`,
  conversations: (page: number): string => (page > 1 ? `/conversations?page=${page}` : '/conversations'),
  statement: (key: StatementAddress): string => `/statements/${encodeURIComponent(key.customerId)}/${key.period}?${choiceOf(key)}`,
  statementCharge: (key: StatementAddress, chargeId: string, cursor?: string): string => {
    const query = choiceOf(key);
    query.set('charge', chargeId);
    if (cursor !== undefined) query.set('cursor', cursor);
    return `/statements/${encodeURIComponent(key.customerId)}/${key.period}/outcomes?${query}`;
  },
  review: ({ state, outcome, locale }: ReviewFilter = {}, page = 1): string => {
    const query = new URLSearchParams({ ...(state !== undefined && { state }), ...(outcome !== undefined && { outcome }), ...(locale !== undefined && { locale }), ...(page > 1 && { page: String(page) }) });
    return query.size > 0 ? `/review?${query}` : '/review';
  },
  reviewItem: (decisionId: string, filter: ReviewFilter = {}): string => `/review/items/${encodeURIComponent(decisionId)}${addressOf.review(filter).slice('/review'.length)}`,
  audit: (page: number): string => (page > 1 ? `/audit?page=${page}` : '/audit'),
  comparison: (base: string, candidate: string): string => `/comparisons?${new URLSearchParams({ base, candidate })}`,
};

/** The element of a page that shows a span or a signal. An id of a signal is the sender's, and may be any text. */
export function evidenceAnchor({ kind, traceId, id }: EvidenceRef): string {
  return encodeURIComponent(`${kind}-${traceId}-${id}`);
}

/** What of the review queue is shown; without a state what is still to label. */
export interface ReviewFilter {
  state?: ItemState | 'all' | undefined;
  outcome?: string | undefined;
  locale?: string | undefined;
}

export interface StatementAddress {
  customerId: string;
  /** `2026-11` */
  period: string;
  currency: string;
  /** IANA name, where it is known. */
  timeZone?: string | null | undefined;
}

// The currency is always named: a customer may have a second one in the same month later, and the link must then still lead here.
function choiceOf({ currency, timeZone }: StatementAddress): URLSearchParams {
  return new URLSearchParams({ currency, ...(timeZone != null && { timeZone }) });
}
