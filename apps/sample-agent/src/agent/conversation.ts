import type { CaseIntent } from '../northwind/vocabulary.js';
import type { World } from '../northwind/world.js';

/** What the agent remembers of one conversation. */
export interface Conversation {
  id: string;
  userId: string | undefined;
  /** As the channel knows it; when absent, the language of each message is detected. */
  locale: string | undefined;
  channel: string;
  world: World;
  /** Turns so far. */
  turns: number;
  history: string[];
  /** The case that is still open, if one is. */
  openCase: CaseIntent | null;
  isOfferOpen: boolean;
  bookingReference: string | null;
  date: string | null;
}

export interface ConversationStart {
  userId?: string;
  locale?: string;
  channel?: string;
  world: World;
}

export function startConversation(id: string, start: ConversationStart): Conversation {
  return {
    id,
    userId: start.userId,
    locale: start.locale,
    channel: start.channel ?? 'chat',
    // The caller's plan stays as it was planned.
    world: structuredClone(start.world),
    turns: 0,
    history: [],
    openCase: null,
    isOfferOpen: false,
    bookingReference: null,
    date: null,
  };
}
