import { canonicalJson, derivedId, sha256Hex } from '#platform';
import { contractFor, isInForce } from './contract-for.js';
import { decide, type Verdict } from './decide.js';
import { EPISODE_MERGED, type Decision, type DecisionChange } from './decision.js';
import { splitEpisodes, type Episode } from './episodes.js';
import { evidenceOf, traceIdsOf, type ReadableRows } from './evidence.js';
import { factsOf, type Facts } from './facts.js';
import { frozenPast } from './frozen-past.js';
import type { Contract } from './read-contract.js';

/** Without a contract nothing says how long to wait; three days is what the field's contracts say most often. */
export const QUIET_WINDOW_DEFAULT_MS = 72 * 3_600_000;

export interface DecideConversationInput {
  organizationId: string;
  conversationId: string;
  rows: ReadableRows;
  /** The active versions. */
  contracts: readonly Contract[];
  /** Versions that are no longer active and that a standing decision was made under. */
  retired: readonly Contract[];
  /** What stands for this conversation already. */
  standing: readonly Decision[];
  now: Date;
}

export interface DecidedConversation {
  changes: DecisionChange[];
  /** When the last episode will have been quiet for long enough; undefined when it is over. */
  dueAt: Date | undefined;
}

type NotBillable = Pick<Verdict, 'outcome' | 'isBillable' | 'grade' | 'amountMicros' | 'explanation'>;
const notBillable = (): NotBillable => ({ outcome: 'none', isBillable: false, grade: null, amountMicros: 0n, explanation: [] });

/**
 * Decides every episode that is over and whose facts, or the traces that they come from, are not those of the decision that stands: two
 * episodes can be alike in every fact and still be two. What was decided on rows that are gone stands as it is (`frozen-past.ts`). Pure:
 * which decisions come out depends on the rows, the contracts, what stands and the time, and a second call with the same input gives the
 * same ids.
 */
export function decideConversation(input: DecideConversationInput): DecidedConversation {
  const quietWindowMs = windowOf(input);
  const past = frozenPast(input.standing, input.rows, quietWindowMs);
  const episodes = splitEpisodes(past.rowsAfter, quietWindowMs, input.now, past.lastNumber);
  const last = episodes.at(-1);
  // Evidence that cannot be read is no evidence that nothing happened: what stands goes on standing.
  if (!last) return { changes: [], dueAt: undefined };
  const changes = episodes.filter((episode) => episode.isOver).flatMap((episode) => changeOf(episode, input));
  return last.isOver ? { changes: [...changes, ...mergedChanges(last.number, input)], dueAt: undefined } : { changes, dueAt: last.quietAt };
}

// A conversation keeps the window that it was first cut with: with another, what was one paid episode would become two.
function windowOf(input: DecideConversationInput): number {
  const facts = factsOf(input.rows);
  const first = input.standing.toSorted((a, b) => a.episode - b.episode)[0];
  return contractFor(facts, new Date(facts.ended_at), first, input)?.quietWindowMs ?? QUIET_WINDOW_DEFAULT_MS;
}

function changeOf(episode: Episode, input: DecideConversationInput): DecisionChange[] {
  const facts = factsOf(episode);
  const factsSha256 = sha256Hex(canonicalJson(facts));
  const superseded = input.standing.find((decision) => decision.episode === episode.number) ?? null;
  if (superseded?.factsSha256 === factsSha256 && isSameList(superseded.evidence.traceIds, traceIdsOf(episode.spans))) return [];
  const contract = contractFor(facts, episode.lastActivityAt, superseded ?? undefined, input);
  const decision: Decision = {
    ...nextRevision(input, episode.number, superseded),
    contractId: contract?.id ?? null,
    contractVersion: contract?.version ?? null,
    customerId: contract?.customer.id ?? facts.customer,
    agent: facts.agent,
    variant: facts.variant,
    locale: facts.locale,
    channel: facts.channel,
    isTestTraffic: facts.is_test_traffic,
    ...verdictOf(contract, facts, episode),
    currency: contract?.currency ?? 'USD',
    facts: { ...facts },
    factsSha256,
    evidence: evidenceOf(episode),
    modelCostUsd: facts.cost_usd,
    costUnknownSpans: facts.cost_unknown_calls,
    episodeStartedAt: episode.startedAt,
    episodeEndedAt: episode.lastActivityAt,
  };
  return [{ decision, superseded, timeZone: contract?.timeZone ?? 'UTC' }];
}

function verdictOf(contract: Contract | undefined, facts: Facts, episode: Episode): Verdict {
  if (facts.is_test_traffic) return { ...notBillable(), reason: 'test_traffic' };
  if (!contract) return { ...notBillable(), reason: 'no_contract' };
  if (!isInForce(contract, episode.lastActivityAt)) return { ...notBillable(), reason: 'outside_contract_dates' };
  return decide(contract, facts);
}

const NO_FACTS_SHA256 = sha256Hex(canonicalJson({}));

/**
 * What came late can join two episodes into one (a turn between them) or move an end. The decision about an episode that is no longer there
 * is replaced by one that bills nothing and rests on nothing: its turns and their cost are in another episode now.
 */
function mergedChanges(lastNumber: number, input: DecideConversationInput): DecisionChange[] {
  const gone = input.standing.filter((decision) => decision.episode > lastNumber && decision.factsSha256 !== NO_FACTS_SHA256);
  return gone.map((superseded) => ({
    decision: {
      ...superseded,
      ...nextRevision(input, superseded.episode, superseded),
      ...notBillable(),
      reason: EPISODE_MERGED,
      facts: {},
      factsSha256: NO_FACTS_SHA256,
      evidence: { traceIds: [], signalIds: [] },
      modelCostUsd: '0',
      costUnknownSpans: 0,
    },
    superseded,
    timeZone: [...input.contracts, ...input.retired].find(({ id, version }) => id === superseded.contractId && version === superseded.contractVersion)?.timeZone ?? 'UTC',
  }));
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function nextRevision({ organizationId, conversationId, now }: DecideConversationInput, episode: number, superseded: Decision | null) {
  const revision = (superseded?.revision ?? 0) + 1;
  return {
    id: derivedId('dec', organizationId, conversationId, episode, revision),
    organizationId,
    conversationId,
    episode,
    revision,
    decidedAt: now,
    supersedes: superseded?.id ?? null,
  };
}
