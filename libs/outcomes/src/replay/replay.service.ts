import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '#platform';
import { TraceReader } from '#traces';
import { dayIn, overlap } from '../contract-for.js';
import { ContractStore, type ContractVersion } from '../contract-store.js';
import type { Contract } from '../read-contract.js';
import { ReplayComparison } from './replay-comparison.js';
import { replayConversation, undated, type ReplayWindow } from './replay-conversation.js';
import { ReplayStore, type Replay } from './replay-store.js';

export interface ReplayRequest {
  /** What is asked about; need not be applied. */
  draft: Contract;
  /** What it is compared with; without it what is active for the same customer and agents. */
  against: ContractVersion | undefined;
  window: ReplayWindow;
  /** How many conversations that flip are kept, with their explanations. */
  sampleSize: number;
  requestedBy: string;
}

export interface ReplayProgress {
  done: number;
  total: number;
}

const BATCH_CONVERSATIONS = 200;

/**
 * What a contract would have made of a past window, beside what another makes of it. Nothing that decides or bills is touched: the replay
 * itself is all that is written. Both sides are worked out from the same rows by the code that decides, so that a difference is a difference
 * of the contracts.
 */
@Injectable()
export class ReplayService {
  constructor(
    private readonly clock: Clock,
    private readonly traces: TraceReader,
    private readonly contracts: ContractStore,
    private readonly replays: ReplayStore,
  ) {}

  /** Gives its progress batch by batch, and the replay at the end. @throws DomainError `contract_not_found`, `invalid_window` */
  async *run(organizationId: string, { draft, against, window, sampleSize, requestedBy }: ReplayRequest): AsyncGenerator<ReplayProgress, Replay> {
    if (window.from >= window.to) throw new DomainError({ kind: 'invalid', code: 'invalid_window', message: `The window must begin before it ends: ${window.from.toISOString()} is not before ${window.to.toISOString()}` });
    const base = against ? [undated((await this.contracts.read(organizationId, against.id, against.version)).contract)] : await this.#activeBeside(organizationId, draft);
    const asked = [undated(draft)];
    const now = this.clock.now();
    const ids = await this.traces.conversationsBetween(organizationId, draft.customer.id, window.from, window.to);
    const comparison = new ReplayComparison(sampleSize);
    for (let done = 0; done < ids.length; done += BATCH_CONVERSATIONS) {
      yield { done, total: ids.length };
      const batch = ids.slice(done, done + BATCH_CONVERSATIONS);
      const rowsOf = await this.traces.rowsOf(organizationId, batch);
      for (const conversationId of batch) {
        const input = { organizationId, conversationId, rows: rowsOf.get(conversationId) ?? { spans: [], signals: [] }, now };
        const [before, after] = [base, asked].map((contracts) => replayConversation(input, contracts, window)) as [ReturnType<typeof replayConversation>, ReturnType<typeof replayConversation>];
        // What neither covers is another contract's business.
        if ([...before, ...after].some(({ contract }) => contract !== null)) comparison.add(conversationId, before, after);
      }
    }
    yield { done: ids.length, total: ids.length };
    return this.replays.add(organizationId, {
      contract: { id: draft.id, version: draft.version, sourceSha256: draft.sourceSha256 },
      against: base.map(({ id, version }) => ({ id, version })),
      window,
      result: comparison.result(),
      warnings: warningsOf(draft, base, window),
      replayedBy: requestedBy,
    });
  }

  async #activeBeside(organizationId: string, draft: Contract): Promise<Contract[]> {
    const active = await this.contracts.active(organizationId);
    return active.filter((contract) => contract.id === draft.id || overlap(undated(contract), undated(draft)));
  }
}

/** What one should know before one believes the figures. */
function warningsOf(draft: Contract, base: readonly Contract[], { from, to }: ReplayWindow): string[] {
  const contracts = [draft, ...base];
  const warnings: string[] = [];
  if (base.length === 0) warnings.push('No active contract covers the same customer and agents: everything is new');
  const isByPeriod = contracts.some(({ policies, terms }) => terms.minimumMicros !== null || terms.capMicros !== null || policies.some(({ prices }) => Object.values(prices).some(({ kind }) => kind !== 'flat')));
  if (isByPeriod && !isWholeMonths(draft, from, to)) warnings.push('The window cuts through a month: tiers, packages, minimum and cap are of whole months, and the first or last one is only partly here');
  if (contracts.some(({ terms }) => terms.commitment !== null)) warnings.push('A commitment is over many months and is in neither total');
  if (draft.terms.pilotUntil !== null) warnings.push(`Days that are free (until ${draft.terms.pilotUntil}) are counted as if they were not`);
  // What is active is asked as it stands, with its days; the draft is asked about days before its own.
  for (const { id, version, timeZone, effectiveFrom, effectiveUntil, terms } of base) {
    const [first, last] = [dayIn(timeZone, from), dayIn(timeZone, new Date(to.getTime() - 1))];
    if (effectiveFrom !== null && effectiveFrom > first) warnings.push(`${id}@${version} covers nothing before ${effectiveFrom}: until then all that the draft bills is new`);
    if (effectiveUntil !== null && effectiveUntil <= last) warnings.push(`${id}@${version} covers nothing from ${effectiveUntil} on: from then all that the draft bills is new`);
    if (terms.pilotUntil !== null && terms.pilotUntil > first) warnings.push(`${id}@${version} is free until ${terms.pilotUntil}, and the draft is counted as if it were not`);
  }
  return warnings;
}

function isWholeMonths({ timeZone }: Contract, from: Date, to: Date): boolean {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  return [from, to].every((at) => at.getUTCMilliseconds() === 0 && /^01\D+00:00:00$/.test(clock.format(at)));
}
