import type { BookingService } from '#billing';
import type { Decision, Price } from '#outcomes';
import { derivedId, sha256Hex, type Clock, type Database } from '#platform';

/** What of a decision books have no use for. */
const ELSEWHERE = { contractVersion: 1, agent: 'support', variant: 'base', locale: 'en', channel: 'chat', isTestTraffic: false, addition: '', listed: null, finalAt: null, facts: {}, factsSha256: sha256Hex('{}'), modelCostUsd: '0', costUnknownSpans: 0 } as const;

export interface DecidedOutcome {
  conversationId: string;
  customerId?: string;
  contractId?: string;
  outcome?: string;
  grade?: Decision['grade'];
  /** At which it is billed; null for not billable. */
  price: Price | null;
  /** By itself. */
  amountMicros?: bigint;
  quantityMicros?: bigint;
  currency?: string;
}

/** Writes decisions and books them, each batch in one transaction, as the job that decides does. Each is the next revision about its conversation. */
export class DecidedOutcomes {
  readonly #standing = new Map<string, Decision>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly booking: BookingService,
    private readonly organizationId: string,
    private readonly timeZone: string,
  ) {}

  async decide(...given: readonly DecidedOutcome[]): Promise<Decision[]> {
    const changes = given.map((one) => ({ decision: this.#decisionOf(one), superseded: this.#standing.get(one.conversationId) ?? null, timeZone: this.timeZone, price: one.price }));
    await this.db.transaction().execute(async (tx) => {
      for (let from = 0; from < changes.length; from += 1000) {
        const rows = changes.slice(from, from + 1000).map(({ decision: { listed: _, ...row } }) => ({ ...row, facts: '{}', explanation: '[]', evidence: JSON.stringify(row.evidence) }));
        await tx.insertInto('outcomeDecisions').values(rows).execute();
      }
      await this.booking.book(tx, changes);
    });
    for (const { decision } of changes) this.#standing.set(decision.conversationId, decision);
    return changes.map(({ decision }) => decision);
  }

  #decisionOf({ conversationId, customerId = 'northwind', contractId = 'support', outcome = 'resolved', grade = 'judged', price, amountMicros = 0n, quantityMicros = 1_000_000n, currency = 'USD' }: DecidedOutcome): Decision {
    const superseded = this.#standing.get(conversationId);
    const revision = (superseded?.revision ?? 0) + 1;
    const at = this.clock.now();
    return {
      ...ELSEWHERE,
      ...{ explanation: [], evidence: { traceIds: [], signalIds: [] } },
      ...{ id: derivedId('dec', this.organizationId, conversationId, 1, revision), organizationId: this.organizationId, conversationId, episode: 1, revision },
      ...{ customerId, contractId, outcome, grade, currency, quantityMicros },
      ...(price === null ? { isBillable: false, reason: 'reopened', amountMicros: 0n } : { isBillable: true, reason: 'policy_held', amountMicros }),
      ...{ episodeStartedAt: at, episodeEndedAt: at, decidedAt: at, supersedes: superseded?.id ?? null },
    };
  }
}

/** An organization of its own with customers. */
export async function addOrganization(db: Database, organizationId: string, customerIds: readonly string[], createdAt: Date): Promise<void> {
  await db.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt }).execute();
  for (let from = 0; from < customerIds.length; from += 1000) {
    await db.insertInto('customers').values(customerIds.slice(from, from + 1000).map((id) => ({ organizationId, id, name: id, createdAt }))).execute();
  }
}
