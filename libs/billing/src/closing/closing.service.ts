/**
 * Closes the months of customers: what the contract says of a period as a whole is booked when it is over, and after a time of grace the
 * period is locked with a snapshot of its statements and a hash of that.
 *
 * Invariants: a customer's periods are locked in their order; a locked one takes no posting any more (the database refuses it); its snapshot
 * holds sums that were added up anew from entries, and the hash of every posting, so that working it out again gives the same hash.
 * One customer's failure is written down at their period and stops no other: each is closed in a transaction of its own.
 * Safe to repeat: settling again books what changed since, locking again finds nothing to lock.
 */
import { Inject, Injectable } from '@nestjs/common';
import { canonicalJson, Clock, CONFIG, DomainError, LOGGER, messageOf, Postgres, sha256Hex, type Config, type Logger, type Tx } from '#platform';
import { lastInstant, LedgerStore, periodLabel, PeriodStore, ProjectionStore, type ProjectionDifference, type TermCharge } from '#ledger';
import { ContractStore } from '#outcomes';
import { Books } from '../booking/books.js';
import { StatementReader } from '../statements/statement.reader.js';
import { ClosingStore, type ClosingPeriod } from './closing.store.js';
import { isDueWithoutOutcomes, periodsInUse, termCharges, type ContractInUse } from './period-terms.js';

/** What became of one period. */
export interface ClosedPeriod {
  customerId: string;
  period: string;
  result: { kind: 'settled' | 'unchanged' | 'failed'; reason?: string } | { kind: 'locked'; snapshotSha256: string };
}

/** A locked period whose statements are not what was locked any more. */
export interface SnapshotDifference {
  customerId: string;
  period: string;
  lockedSha256: string;
  nowSha256: string;
}

@Injectable()
export class ClosingService {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'PERIOD_GRACE_MS'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly contracts: ContractStore,
    private readonly periods: PeriodStore,
    private readonly ledger: LedgerStore,
    private readonly projections: ProjectionStore,
    private readonly books: Books,
    private readonly statements: StatementReader,
    private readonly store: ClosingStore,
  ) {}

  /** Closes whatever is over. @returns what became of each period that is over and was not locked before */
  async closeDue(organizationId: string, filter: { customerId?: string | undefined } = {}): Promise<ClosedPeriod[]> {
    const versions = await this.contracts.everActive(organizationId);
    await this.#ensurePeriods(organizationId, versions);
    const failed = new Set<string>();
    const closed: ClosedPeriod[] = [];
    for (const due of await this.store.over(organizationId, this.clock.now(), filter)) {
      // Of a customer whose earlier period cannot be closed, a later one is not locked before it.
      if (failed.has(due.customerId)) continue;
      const result = await this.#close(due, versions);
      if (result.kind === 'failed') failed.add(due.customerId);
      closed.push({ customerId: due.customerId, period: periodLabel(due.period), result });
    }
    return closed;
  }

  /** Works out anew what was locked, and says where it is not the same. */
  async verifyLocked(organizationId: string): Promise<{ verified: number; differences: SnapshotDifference[] }> {
    const locked = await this.store.locked(organizationId);
    const differences: SnapshotDifference[] = [];
    for (const one of locked) {
      const { sha256 } = await this.db.transaction().setIsolationLevel('repeatable read').execute((tx) => this.#snapshot(tx, one));
      if (sha256 !== one.snapshotSha256) differences.push({ customerId: one.customerId, period: periodLabel(one.period), lockedSha256: one.snapshotSha256, nowSha256: sha256 });
    }
    return { verified: locked.length, differences };
  }

  /** Puts what postings add up to in the place of the sums that are kept. @returns the sums that were others */
  async rebuildProjections(organizationId: string): Promise<ProjectionDifference[]> {
    return this.db.transaction().execute(async (tx) => {
      await this.periods.takeAllBooks(tx, organizationId);
      const differences = await this.projections.differences(tx, { organizationId });
      if (differences.length > 0) await this.projections.rebuild(tx, organizationId);
      return differences;
    });
  }

  async #close(due: ClosingPeriod, versions: readonly ContractInUse[]): Promise<ClosedPeriod['result']> {
    try {
      return await this.db.transaction().execute(async (tx) => {
        await this.periods.takeBooks(tx, due.organizationId, [due.customerId]);
        const { settledAt, lockedAt } = await this.store.state(tx, due);
        // Another worker was there first.
        if (lockedAt !== null) return { kind: 'unchanged' } as const;
        const isChanged = await this.#settle(tx, { ...due, settledAt }, versions);
        if (this.clock.now().getTime() < due.period.end.getTime() + this.config.PERIOD_GRACE_MS) return { kind: isChanged ? 'settled' : 'unchanged' } as const;
        return await this.#lock(tx, due);
      });
    } catch (error) {
      const reason = messageOf(error);
      this.logger.error({ err: error, customerId: due.customerId, period: periodLabel(due.period) }, 'a period cannot be closed; it is tried again at the next round');
      await this.store.noteError(due, reason);
      return { kind: 'failed', reason };
    }
  }

  async #settle(tx: Tx, due: ClosingPeriod, versions: readonly ContractInUse[]): Promise<boolean> {
    const { organizationId, customerId, period } = due;
    // What holds for a period is fixed when it is first settled: a version that is activated later says nothing about it.
    if (due.settledAt === null) await this.ledger.addCharges(tx, termCharges(organizationId, customerId, period, versions));
    await this.store.markSettled(tx, due, this.clock.now());
    const terms = (await this.ledger.charges(tx, due, period.start, period.end)).filter((charge): charge is TermCharge => charge.kind !== 'outcome' && charge.kind !== 'rounding');
    const ofContracts = new Map(terms.map((term) => [`${term.contractId} ${term.currency}`, term]));
    let isChanged = due.settledAt === null;
    for (const of of ofContracts.values()) isChanged = (await this.books.settle(tx, of, { period, bookedAt: lastInstant(period) })).length > 0 || isChanged;
    const lines = (await this.statements.ofPeriod(tx, organizationId, customerId, period)).flatMap(({ currency, lines: ofCurrency }) => ofCurrency.map((line) => ({ ...line, currency })));
    const rounded = await this.books.round(tx, { organizationId, customerId, period }, lines, { period, bookedAt: lastInstant(period) });
    return isChanged || rounded.length > 0;
  }

  async #lock(tx: Tx, due: ClosingPeriod): Promise<ClosedPeriod['result']> {
    const { organizationId, customerId, period } = due;
    const [difference] = await this.projections.differences(tx, { organizationId, customerId, periodStart: period.start });
    if (difference) {
      throw new DomainError({
        kind: 'conflict',
        code: 'projection_differs',
        message: `${difference.projection} of ${difference.key} is ${difference.kept ?? 'missing'}, and its postings give ${difference.counted ?? 'nothing'}: see astrolabe ledger verify`,
      });
    }
    const { text, sha256 } = await this.#snapshot(tx, due);
    await this.store.lock(tx, due, { lockedAt: this.clock.now(), snapshot: text, snapshotSha256: sha256 });
    return { kind: 'locked', snapshotSha256: sha256 };
  }

  /** Nothing that changes with time or with what happens afterwards is in it. */
  async #snapshot(tx: Tx, { organizationId, customerId, period }: ClosingPeriod): Promise<{ text: string; sha256: string }> {
    const statements = (await this.statements.ofPeriod(tx, organizationId, customerId, period)).map(({ currency, lines, totalMicros, totalMinor }) => ({ currency, lines, totalMicros, totalMinor }));
    const postings = await this.store.digest(tx, { organizationId, customerId, period });
    const text = canonicalJson({ customerId, period, statements, postings });
    return { text, sha256: sha256Hex(text) };
  }

  async #ensurePeriods(organizationId: string, versions: readonly ContractInUse[]): Promise<void> {
    const now = this.clock.now();
    const wanted = versions
      .filter(({ contract, status }) => status === 'active' && isDueWithoutOutcomes(contract))
      .flatMap((version) => periodsInUse(version, now).map((period) => ({ organizationId, customerId: version.contract.customer.id, period, timeZone: version.contract.timeZone })));
    if (wanted.length > 0) await this.db.transaction().execute((tx) => this.periods.ensure(tx, wanted));
  }
}
