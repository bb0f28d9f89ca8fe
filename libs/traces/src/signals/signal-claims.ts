import type { Database } from '#platform';
import type { SentSignal } from './read-signals.js';

/** The signal that stands under an id. */
export interface ClaimedSignal extends SentSignal {
  claimedAtMs: number;
}

export interface Claims {
  /** One for each id that was sent, in the order of the ids. */
  signals: ClaimedSignal[];
  /** How many of the signals that were sent say something under an id that was there before them. */
  repeated: number;
}

const ROWS_PER_STATEMENT = 1000;

/**
 * Which signal stands under an id: the first that was sent with it, for good. It is decided here because the table in ClickHouse cannot: it
 * keeps the latest of two rows, and only where both are of one trace. Two receivers that are sent an id at the same time agree too.
 */
export class SignalClaims {
  constructor(private readonly db: Database) {}

  async claim(organizationId: string, sent: readonly SentSignal[], claimedAt: Date): Promise<Claims> {
    const firstOf = new Map<string, SentSignal>();
    for (const signal of sent) if (!firstOf.has(signal.id)) firstOf.set(signal.id, signal);
    // Always in one order: of two statements that wait for each other's ids neither would end.
    const wanted = [...firstOf.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const signals: ClaimedSignal[] = [];
    let claimed = 0;
    for (let at = 0; at < wanted.length; at += ROWS_PER_STATEMENT) {
      const part = wanted.slice(at, at + ROWS_PER_STATEMENT);
      const isNew = await this.#insert(organizationId, part, claimedAt);
      claimed += isNew.size;
      // What is new needs no second look: most requests are one statement.
      const before = part.filter(({ id }) => !isNew.has(id));
      const found = before.length === 0 ? new Map<string, ClaimedSignal>() : await this.#read(organizationId, before);
      for (const signal of part) signals.push(found.get(signal.id) ?? { ...signal, claimedAtMs: claimedAt.getTime() });
    }
    return { signals, repeated: sent.length - claimed };
  }

  /** @returns the ids that were not there before */
  async #insert(organizationId: string, signals: readonly SentSignal[], claimedAt: Date): Promise<Set<string>> {
    const rows = signals.map((signal) => ({ organizationId, id: signal.id, signal: JSON.stringify(signal), claimedAt }));
    const inserted = await this.db.insertInto('signalClaims').values(rows).onConflict((conflict) => conflict.doNothing()).returning('id').execute();
    return new Set(inserted.map(({ id }) => id));
  }

  // A statement of its own: it sees what another receiver has claimed while the insert waited for it.
  async #read(organizationId: string, signals: readonly SentSignal[]): Promise<Map<string, ClaimedSignal>> {
    const ids = signals.map(({ id }) => id);
    const rows = await this.db.selectFrom('signalClaims').select(['id', 'signal', 'claimedAt']).where('organizationId', '=', organizationId).where('id', 'in', ids).execute();
    return new Map(rows.map(({ id, signal, claimedAt }) => [id, { ...(JSON.parse(signal) as SentSignal), claimedAtMs: claimedAt.getTime() }]));
  }
}
