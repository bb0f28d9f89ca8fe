import { Injectable } from '@nestjs/common';
import { canonicalJson, DomainError } from '#platform';
import { ContractStore, DecisionStore, type Contract, type Decision } from '#outcomes';
import { minorDigits } from '../statements/rounded-minor.js';
import { StatementReader, type StatementChoice } from '../statements/statement.reader.js';
import type { Statement } from '../statements/statement.js';
import { StatementStore, type StatementBooking } from '../statements/statement.store.js';

/*
 * Everything that a statement rests on, so that whoever pays it can recount it without us: each booking with the decision that caused it, the
 * decisions that were not billed, and the contracts that they were decided under. Read in pages: however many there are, few are in memory.
 */

/** A part of the bundle: a whole file, or the next line of one. */
export type EvidencePart = { kind: 'progress'; done: number; total: number } | { kind: 'file'; name: string; text: string } | { kind: 'line'; name: string; text: string };

const BOOKINGS_FILE = 'decisions.jsonl';
const NOT_BILLED_FILE = 'not-billed.jsonl';
const STATEMENT_FILE = 'statement.json';
const PAGE = 500;

@Injectable()
export class EvidenceReader {
  constructor(
    private readonly statements: StatementReader,
    private readonly store: StatementStore,
    private readonly decisions: DecisionStore,
    private readonly contracts: ContractStore,
  ) {}

  /** @throws DomainError `statement_not_found`, `statement_not_unique`, `statement_changed` when something was booked meanwhile: ask again */
  async *read(organizationId: string, customerId: string, label: string, choice: StatementChoice): AsyncGenerator<EvidencePart> {
    const statement = await this.statements.read(organizationId, customerId, label, choice);
    const { period, currency } = statement;
    const key = { organizationId, customerId, period, currency };
    const total = statement.lines.reduce((sum, { count }) => sum + count, 0);
    const contracts = new Map<string, Contract>();
    for (let after = 0n, done = 0; ; ) {
      yield { kind: 'progress', done, total };
      const bookings = await this.store.bookings(key, { after, limit: PAGE });
      const last = bookings.at(-1);
      if (!last) break;
      const decisions = await this.#decisionsOf(organizationId, bookings);
      await this.#readContracts(organizationId, [...decisions.values()], contracts);
      for (const booking of bookings) yield { kind: 'line', name: BOOKINGS_FILE, text: canonicalJson(bookingRecord(booking, decisions, contracts)) };
      done += bookings.length;
      after = last.sequence;
    }
    yield* this.#notBilled(organizationId, customerId, period, contracts);
    for (const contract of contracts.values()) yield { kind: 'file', name: fileOf(contract), text: contract.source };
    const again = await this.statements.read(organizationId, customerId, label, choice);
    if (canonicalJson(again.lines) !== canonicalJson(statement.lines)) throw changed(customerId, label);
    yield { kind: 'file', name: STATEMENT_FILE, text: `${JSON.stringify(statementRecord(statement, [...contracts.values()]), null, 2)}\n` };
  }

  async *#notBilled(organizationId: string, customerId: string, period: Statement['period'], contracts: Map<string, Contract>): AsyncGenerator<EvidencePart> {
    for (let after = 0n; ; ) {
      const page = await this.decisions.notBillable(organizationId, customerId, period, after, PAGE);
      const last = page.at(-1);
      if (!last) return;
      await this.#readContracts(organizationId, page.map(({ decision }) => decision), contracts);
      for (const { decision } of page) yield { kind: 'line', name: NOT_BILLED_FILE, text: canonicalJson({ decision: decisionRecord(decision, contracts) }) };
      after = last.sequence;
    }
  }

  async #decisionsOf(organizationId: string, bookings: readonly StatementBooking[]): Promise<Map<string, Decision>> {
    const ids = bookings.flatMap(({ decisionId, reversedDecisionId }) => (reversedDecisionId === null ? [decisionId] : [decisionId, reversedDecisionId]));
    return new Map((await this.decisions.byIds(organizationId, [...new Set(ids)])).map((decision) => [decision.id, decision]));
  }

  async #readContracts(organizationId: string, decisions: readonly Decision[], known: Map<string, Contract>): Promise<void> {
    const wanted = decisions.flatMap(({ contractId: id, contractVersion: version }) => (id === null || version === null || known.has(`${id}@${version}`) ? [] : [{ id, version }]));
    for (const contract of await this.contracts.versions(organizationId, wanted)) known.set(`${contract.id}@${contract.version}`, contract);
  }
}

function bookingRecord({ postingId, kind, outcome, grade, amountMicros, decisionId, reversedDecisionId }: StatementBooking, decisions: ReadonlyMap<string, Decision>, contracts: ReadonlyMap<string, Contract>) {
  const recordOf = (id: string | null) => {
    const decision = id === null ? undefined : decisions.get(id);
    return decision ? decisionRecord(decision, contracts) : null;
  };
  return { posting: { id: postingId, kind, outcome, grade, amountMicros }, decision: recordOf(decisionId), reversed: recordOf(reversedDecisionId) };
}

function decisionRecord({ organizationId: _ours, ...decision }: Decision, contracts: ReadonlyMap<string, Contract>) {
  const contract = contracts.get(`${decision.contractId}@${decision.contractVersion}`);
  return { ...decision, contractSha256: contract?.sourceSha256 ?? null };
}

function statementRecord(statement: Statement, contracts: readonly Contract[]) {
  const { customer, currency, period, status, lines, totalMicros, totalMinor } = statement;
  const text = (amount: bigint | null) => (amount === null ? null : amount.toString());
  return {
    customer,
    currency,
    minorDigits: minorDigits(currency),
    period,
    // In an open period outcomes may still be decided.
    status,
    lines: lines.map(({ unitAmountMicros, amountMicros, amountMinor, ...line }) => ({ ...line, unitAmountMicros: text(unitAmountMicros), amountMicros: text(amountMicros), amountMinor: text(amountMinor) })),
    totalMicros: text(totalMicros),
    totalMinor: text(totalMinor),
    contracts: contracts.map((contract) => ({ id: contract.id, version: contract.version, sha256: contract.sourceSha256, file: fileOf(contract) })),
  };
}

// An id may have colons, which are no part of a file's name everywhere.
function fileOf({ id, version }: Contract): string {
  return `contracts/${id.replaceAll(':', '_')}-v${version}.yaml`;
}

function changed(customerId: string, label: string): DomainError {
  return new DomainError({ kind: 'conflict', code: 'statement_changed', message: `Something was booked for ${customerId} in ${label} while its evidence was read: ask again` });
}
