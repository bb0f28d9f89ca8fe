import type { ItemForReviewer, Label } from '#outcomes';
import { addressOf, type ReviewFilter } from '../components/addresses.js';

export interface LastLabelProps {
  token: string;
  filter: ReviewFilter;
  last: Label | null;
  /** What it is about; null where it can no longer be taken back. */
  lastLabelled: ItemForReviewer | null;
  /** The decision that the page shows, with what others said of it where they may be seen. */
  item?: ItemForReviewer;
}

/** What the reviewer answered last, with the way back. */
export function LastLabel({ token, filter, last, lastLabelled, item }: LastLabelProps) {
  if (last?.answer == null || lastLabelled === null) return null;
  const { decision } = lastLabelled.item;
  return (
    <form class="last-label" method="post" action={`/review/items/${encodeURIComponent(decision.id)}/undo${addressOf.review(filter).slice('/review'.length)}`}>
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="question" value={last.question} />
      {item?.item.decision.id === decision.id && (item.others?.length ?? 0) > 0 && <input type="hidden" name="sawOthers" value="yes" />}
      <span role="status">
        You answered <strong>{last.answer}</strong> about <a class="id" href={addressOf.reviewItem(decision.id, filter)}>{decision.conversationId}</a>.
      </span>
      <button type="submit" class="quiet" data-key="u">
        Undo <kbd>u</kbd>
      </button>
    </form>
  );
}
