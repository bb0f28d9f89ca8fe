import { z } from 'zod';
import { DomainError, messageOf } from '#platform';

const heldConversation = z.object({ turns: z.number().int().min(0) });

/**
 * Asks a server how many turns of a conversation it holds: `GET /api/v1/conversations/<id>`, 0 when it knows none. Throws `unavailable`
 * when the server cannot say, since guessing would either send everything twice or nothing at all.
 */
export function heldTurnsOf(server: { url: string; key?: string }): (conversationId: string) => Promise<number> {
  const root = server.url.replace(/\/$/, '');
  const headers = { accept: 'application/json', ...(server.key === undefined ? {} : { authorization: `Bearer ${server.key}` }) };
  return async (conversationId) => {
    const url = `${root}/api/v1/conversations/${encodeURIComponent(conversationId)}`;
    const response = await fetch(url, { headers }).catch((error: unknown) => {
      throw unknownTurns(url, `it could not be reached (${messageOf(causeOf(error))})`, error);
    });
    const text = await response.text();
    if (response.status === 404) return 0;
    if (!response.ok) throw unknownTurns(url, `it answered ${response.status}, where 200 or 404 would be right`);
    try {
      return heldConversation.parse(JSON.parse(text)).turns;
    } catch (error) {
      throw unknownTurns(url, 'its answer has no `turns`, a whole number', error);
    }
  };
}

// fetch says only that it failed; why is in the cause.
function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? error) : error;
}

function unknownTurns(url: string, why: string, cause?: unknown): DomainError {
  return new DomainError({
    kind: 'unavailable',
    code: 'held_turns_unknown',
    message: `Cannot tell which conversations are held: ${url}: ${why}. Is --server an Astrolabe server, and may --key read?`,
    cause,
  });
}
