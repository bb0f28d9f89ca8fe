/**
 * Reads everything that a statement rests on, for its customer to recount: the statement, the contracts, each posting with its decisions, and
 * the decisions of the period that nobody paid for.
 *
 * The statement and how far the export reads are fixed in one snapshot. What follows is read page by page from tables that only grow, up to
 * there: a period that goes on changes nothing of an export that has begun, and memory holds one page, however many outcomes there are.
 */
import { Injectable } from '@nestjs/common';
import { assertInvariant, Clock } from '#platform';
import { DecisionStore, type Decision } from '#outcomes';
import { StatementReader, type StatementChoice } from '../statements/statement.reader.js';
import type { Statement, StatementKey } from '../statements/statement.js';
import { EvidenceStore, type BookingRow, type ContractText, type EvidenceBounds } from './evidence.store.js';
import { evidenceAdjustment, evidenceBooking, evidenceDecision, evidenceStatement, type Adjustment, type BookedDecision, type ContractHash, type EvidenceContract, type EvidenceRecord } from './evidence-record.js';

// Decisions are some 3 kB each.
const PAGE = 2000;

interface Plan {
  key: StatementKey;
  statement: Statement;
  bounds: EvidenceBounds;
  notBilled: number;
  contracts: ContractText[];
}

@Injectable()
export class EvidenceReader {
  constructor(
    private readonly statements: StatementReader,
    private readonly store: EvidenceStore,
    private readonly decisions: DecisionStore,
    private readonly clock: Clock,
  ) {}

  /**
   * The statement first, then contracts, bookings and adjustments, decisions that were not billed, and an end.
   * @throws DomainError as `StatementReader.read`, before there is anything to read from
   */
  async read(organizationId: string, customerId: string, period: string, choice: StatementChoice = {}, pageSize = PAGE): Promise<AsyncGenerator<EvidenceRecord>> {
    const exportedAt = this.clock.now();
    const plan = await this.statements.readWith(organizationId, customerId, period, choice, async (tx, key, statement): Promise<Plan> => ({
      key,
      statement,
      bounds: await this.store.bounds(tx, key),
      notBilled: await this.store.notBilledCount(tx, key),
      contracts: await this.store.contracts(tx, key),
    }));
    return this.#records(plan, exportedAt, pageSize);
  }

  async *#records({ key, statement, bounds, notBilled, contracts }: Plan, exportedAt: Date, pageSize: number): AsyncGenerator<EvidenceRecord> {
    const texts = contracts.map(({ source, ...text }) => ({ ...text, file: contractFile(text), source }));
    const listed = texts.map(({ source: _, ...contract }) => contract);
    const hashOf = hashFinder(listed);
    yield { statement: evidenceStatement({ organizationId: key.organizationId, statement, contracts: listed, notBilled, exportedAt }) };
    for (const contract of texts) yield { contract };

    let [bookings, adjustments, totalMicros] = [0, 0, 0n];
    for await (const booking of this.#bookings(key, bounds.lastPosting, pageSize)) {
      totalMicros += booking.amountMicros;
      if ('decision' in booking) {
        bookings += 1;
        yield { booking: evidenceBooking(booking, key.customerId, hashOf) };
      } else {
        adjustments += 1;
        yield { adjustment: evidenceAdjustment(booking) };
      }
    }
    const counted = statement.lines.reduce((sum, { outcomes, reversals }) => sum + outcomes + reversals, 0);
    assertInvariant(
      bookings === counted && totalMicros === statement.totalMicros,
      `the statement of ${key.customerId} counts ${counted} bookings and ${statement.totalMicros} micros, its evidence ${bookings} and ${totalMicros}`,
    );

    let others = 0;
    for await (const decision of this.#notBilled(key, bounds.lastDecision, pageSize)) {
      others += 1;
      yield { notBilled: evidenceDecision(decision, hashOf) };
    }
    assertInvariant(others === notBilled, `${notBilled} decisions of ${key.customerId} were not billed, and ${others} were read`);
    yield { end: { bookings, adjustments, notBilled: others } };
  }

  async *#bookings(key: StatementKey, upTo: bigint, limit: number): AsyncGenerator<BookedDecision | Adjustment> {
    for (let after = 0n; ; ) {
      const page = await this.store.bookings(key, { after, upTo, limit });
      const decided = await this.#decided(key, page.flatMap(({ decisionId, reversedDecisionId }) => [decisionId, reversedDecisionId].filter((id) => id !== null)));
      for (const { sequence: _, ...row } of page) yield bookedDecision(row, decided);
      const last = page.at(-1);
      if (!last || page.length < limit) return;
      after = last.sequence;
    }
  }

  async *#notBilled(key: StatementKey, upTo: bigint, limit: number): AsyncGenerator<Decision> {
    for (let after = 0n; ; ) {
      const rows = await this.store.notBilled(key, { after, upTo, limit });
      const decided = await this.#decided(key, rows.map(({ id }) => id));
      for (const { id } of rows) yield decided(id);
      const last = rows.at(-1);
      if (!last || rows.length < limit) return;
      after = last.sequence;
    }
  }

  async #decided({ organizationId }: StatementKey, ids: readonly string[]): Promise<(id: string) => Decision> {
    const byId = new Map((await this.decisions.withIds(organizationId, ids)).map((decision) => [decision.id, decision]));
    return (id) => {
      const decision = byId.get(id);
      assertInvariant(decision !== undefined, `decision ${id} is of organization ${organizationId}`);
      return decision;
    };
  }
}

function bookedDecision({ decisionId, reversedDecisionId, kind, ...posting }: BookingRow, decided: (id: string) => Decision): BookedDecision | Adjustment {
  if (decisionId === null || kind === 'repricing' || kind === 'term') return { ...posting, kind: kind === 'term' ? 'term' : 'repricing' };
  const cause = decided(decisionId);
  return reversedDecisionId === null ? { ...posting, kind, decision: cause, takenBackBy: null } : { ...posting, kind, decision: decided(reversedDecisionId), takenBackBy: cause };
}

function hashFinder(contracts: readonly EvidenceContract[]): ContractHash {
  const hashes = new Map(contracts.map(({ id, version, sha256 }) => [`${id} ${version}`, sha256]));
  return (id, version) => {
    const sha256 = hashes.get(`${id} ${version}`);
    assertInvariant(sha256 !== undefined, `contract ${id} version ${version}, that decisions name, is stored`);
    return sha256;
  };
}

/** Ids hold letters, digits and `_.:-` alone; a colon is no character of a file name everywhere. */
function contractFile({ id, version }: { id: string; version: number }): string {
  return `contracts/${id.replaceAll(':', '%3A')}-v${version}.yaml`;
}
