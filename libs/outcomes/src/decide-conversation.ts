import { canonicalJson, derivedId, sha256Hex } from '#platform';
import { contractFor, isInForce, isPilot } from './contract-for.js';
import { decide, type Verdict } from './decide.js';
import { LONGEST_EPISODE_DEFAULT_MS, QUIET_WINDOW_DEFAULT_MS } from './contract-schema.js';
import { CONVERSATION_REASONS, EPISODE_MERGED, type Decision, type DecisionChange } from './decision.js';
import { splitEpisodes, type Episode, type EpisodeWindows } from './episodes.js';
import { evidenceOf, traceIdsOf, type ReadableRows } from './evidence.js';
import { sourcesOf } from './fact-sources.js';
import { factsOf, type Facts } from './facts.js';
import { frozenPast } from './frozen-past.js';
import { ONE_UNIT } from './rating/price.js';
import type { Contract } from './read-contract.js';

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

const NOT_BILLABLE = { outcome: 'none', isBillable: false, grade: null, amountMicros: 0n, quantityMicros: ONE_UNIT, listed: null } as const;
const notBillable = (reason: string): Verdict => ({ ...NOT_BILLABLE, reason, explanation: [] });

/**
 * Decides every episode that is over and whose facts, the traces that they come from, or what the other episodes make of it, are not those
 * of the decision that stands: two episodes can be alike in every fact and still be two. What is final by the contract's hold window stands,
 * and so does what was decided on rows that are gone (`frozen-past.ts`); a return that the contract lets reverse it still does.
 * Pure: which decisions come out depends on the rows, the contracts, what stands and the time, and a second call with the same input gives
 * the same ids.
 */
export function decideConversation(input: DecideConversationInput): DecidedConversation {
  const windows = windowsOf(input);
  const past = frozenPast(input.standing, input.rows, windows, input.now);
  const episodes = splitEpisodes(past.rowsAfter, windows, input.now, past.lastNumber);
  const [first, last] = [episodes[0], episodes.at(-1)];
  // Evidence that cannot be read is no evidence that nothing happened, and what stands is frozen; what moved to another conversation is not.
  if (!first || !last) return { changes: mergedChanges(past.lastNumber, input), dueAt: undefined };
  const changes = reopenedPast(past.lastNumber, first, input);
  const reversed = new Set(changes.map(({ superseded }) => superseded));
  let isCharged = input.standing.some((decision) => decision.episode <= past.lastNumber && decision.isBillable && !reversed.has(decision));
  episodes.forEach((episode, index) => {
    if (!episode.isOver) return;
    const decided = decideEpisode(episode, { followedBy: episodes[index + 1], isChargedAlready: isCharged }, input);
    changes.push(...decided.changes);
    isCharged ||= decided.isBillable;
  });
  return last.isOver ? { changes: [...changes, ...mergedChanges(last.number, input)], dueAt: undefined } : { changes, dueAt: last.overAt };
}

// A conversation keeps the windows that it was first cut with: with others, what was one paid episode would become two.
function windowsOf(input: DecideConversationInput): EpisodeWindows {
  const facts = factsOf(input.rows);
  const first = input.standing.toSorted((a, b) => a.episode - b.episode || (a.addition < b.addition ? -1 : 1))[0];
  return contractFor(facts, new Date(facts.ended_at), first, input) ?? { quietWindowMs: QUIET_WINDOW_DEFAULT_MS, longestEpisodeMs: LONGEST_EPISODE_DEFAULT_MS };
}

interface Surroundings {
  followedBy: Episode | undefined;
  isChargedAlready: boolean;
}

/** The episode's decision, and one for each further outcome of an additive contract. */
function decideEpisode(episode: Episode, surroundings: Surroundings, input: DecideConversationInput): { changes: DecisionChange[]; isBillable: boolean } {
  const facts = factsOf(episode);
  const factsSha256 = sha256Hex(canonicalJson(facts));
  const traceIds = traceIdsOf(episode.spans);
  const standing = new Map(input.standing.filter((decision) => decision.episode === episode.number).map((decision) => [decision.addition, decision]));
  const contract = contractFor(facts, episode.lastActivityAt, standing.get('') ?? undefined, input);
  const [verdict, ...additions] = verdictsOf(contract, facts, episode, surroundings);
  const wanted = new Map([['', verdict], ...additions.map((addition) => [addition.outcome, addition] as const)]);
  for (const addition of standing.keys()) if (!wanted.has(addition)) wanted.set(addition, notBillable('no_policy_held'));

  const evidence = evidenceOf(episode);
  const decisions = [...wanted].map(([addition, of]) => {
    const superseded = standing.get(addition) ?? null;
    const isSameEvidence = superseded?.factsSha256 === factsSha256 && isSameList(superseded.evidence.traceIds, traceIds);
    if (superseded && isSameEvidence && conversationReason(superseded.reason) === conversationReason(of.reason)) return { superseded, decision: superseded };
    const decision: Decision = {
      ...nextRevision(input, episode.number, addition, superseded),
      contractId: contract?.id ?? null,
      contractVersion: contract?.version ?? null,
      customerId: contract?.customer.id ?? facts.customer,
      agent: facts.agent,
      variant: facts.variant,
      locale: facts.locale,
      channel: facts.channel,
      isTestTraffic: facts.is_test_traffic,
      ...of,
      currency: contract?.currency ?? 'USD',
      facts: { ...facts },
      factsSha256,
      evidence,
      // Once: an episode costs what it costs, however many outcomes it has.
      modelCostUsd: addition === '' ? facts.cost_usd : '0',
      costUnknownSpans: addition === '' ? facts.cost_unknown_calls : 0,
      episodeStartedAt: episode.startedAt,
      episodeEndedAt: episode.lastActivityAt,
      finalAt: typeof contract?.holdWindowMs === 'number' ? new Date(input.now.getTime() + contract.holdWindowMs) : null,
    };
    return { superseded, decision };
  });
  return {
    changes: decisions.filter(({ superseded, decision }) => decision !== superseded).map((change) => changeUnder(contract, change)),
    isBillable: decisions.some(({ decision }) => decision.isBillable),
  };
}

function verdictsOf(contract: Contract | undefined, facts: Facts, episode: Episode, { followedBy, isChargedAlready }: Surroundings): [Verdict, ...Verdict[]] {
  if (facts.is_test_traffic) return [notBillable('test_traffic')];
  if (!contract) return [notBillable('no_contract')];
  if (!isInForce(contract, episode.lastActivityAt)) return [notBillable('outside_contract_dates')];
  const isReopened = followedBy !== undefined && isReturn(contract, episode.lastActivityAt, followedBy.startedAt);
  return decide(contract, facts, { isPilot: isPilot(contract, episode.lastActivityAt), isReopened, isChargedAlready }, sourcesOf(episode));
}

function isReturn({ reopen }: Contract, endedAt: Date, startedAt: Date): boolean {
  return reopen !== null && startedAt.getTime() - endedAt.getTime() < reopen.withinMs;
}

function conversationReason(reason: string): string | undefined {
  return CONVERSATION_REASONS.has(reason) ? reason : undefined;
}

/**
 * What a return does to the last episode that was decided for good: that its rows are gone makes it no less a return. Facts and evidence of
 * the decision stay as they were.
 */
function reopenedPast(lastNumber: number, first: Episode, input: DecideConversationInput): DecisionChange[] {
  const past = input.standing.filter(({ episode, reason }) => episode <= lastNumber && reason !== EPISODE_MERGED);
  const number = Math.max(0, ...past.map(({ episode }) => episode));
  return past.flatMap((superseded) => {
    const contract = contractOf(superseded, input);
    const { grade, outcome, amountMicros, quantityMicros, explanation } = superseded;
    if (superseded.episode !== number || !superseded.isBillable || grade === null || !contract) return [];
    if (!contract.reopen?.reverses.includes(grade) || !isReturn(contract, superseded.episodeEndedAt, first.startedAt)) return [];
    const verdict: Verdict = { ...notBillable('reopened'), outcome, grade, quantityMicros, listed: { outcome, grade, amountMicros }, explanation };
    const decision = { ...superseded, ...nextRevision(input, superseded.episode, superseded.addition, superseded), ...verdict };
    return [changeUnder(contract, { decision, superseded })];
  });
}

function contractOf({ contractId, contractVersion }: Decision, { contracts, retired }: DecideConversationInput): Contract | undefined {
  return [...contracts, ...retired].find(({ id, version }) => id === contractId && version === contractVersion);
}

const NO_FACTS_SHA256 = sha256Hex(canonicalJson({}));

/**
 * What came late can join two episodes into one (a turn between them), move an end, or name another conversation, whose the trace is from
 * then on. The decision about an episode that is no longer there is replaced by one that bills nothing and rests on nothing: its turns and their cost are in another episode now.
 */
function mergedChanges(lastNumber: number, input: DecideConversationInput): DecisionChange[] {
  const gone = input.standing.filter((decision) => decision.episode > lastNumber && decision.factsSha256 !== NO_FACTS_SHA256);
  return gone.map((superseded) => {
    const decision = {
      ...superseded,
      ...nextRevision(input, superseded.episode, superseded.addition, superseded),
      ...notBillable(EPISODE_MERGED),
      facts: {},
      factsSha256: NO_FACTS_SHA256,
      evidence: { traceIds: [], signalIds: [] },
      modelCostUsd: '0',
      costUnknownSpans: 0,
    };
    return changeUnder(contractOf(superseded, input), { decision, superseded });
  });
}

/** What the booking of a decision needs to know of its contract. */
function changeUnder(contract: Contract | undefined, change: Pick<DecisionChange, 'decision' | 'superseded'>): DecisionChange {
  const { outcome, grade } = change.decision;
  const policy = contract?.policies.find((one) => one.outcome === outcome);
  return { ...change, timeZone: contract?.timeZone ?? 'UTC', price: (grade && policy?.prices[grade]) ?? null };
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function nextRevision({ organizationId, conversationId, now }: DecideConversationInput, episode: number, addition: string, superseded: Decision | null) {
  const revision = (superseded?.revision ?? 0) + 1;
  return {
    id: derivedId('dec', organizationId, conversationId, episode, ...(addition === '' ? [] : [addition]), revision),
    organizationId,
    conversationId,
    episode,
    addition,
    revision,
    decidedAt: now,
    supersedes: superseded?.id ?? null,
  };
}
