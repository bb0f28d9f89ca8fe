import { canonicalJson, derivedId, sha256Hex } from '#platform';
import { decide, type Verdict } from './decide.js';
import type { Decision, DecisionChange } from './decision.js';
import { splitEpisodes, type Episode } from './episodes.js';
import { factsOf, type EpisodeRows, type Facts } from './facts.js';
import type { Contract } from './read-contract.js';

/** Without a contract nothing says how long to wait; three days is what the field's contracts say most often. */
export const QUIET_WINDOW_DEFAULT_MS = 72 * 3_600_000;

export interface DecideConversationInput {
  organizationId: string;
  conversationId: string;
  rows: EpisodeRows;
  contracts: readonly Contract[];
  /** What stands for this conversation already. */
  standing: readonly Decision[];
  now: Date;
}

export interface DecidedConversation {
  changes: DecisionChange[];
  /** When the last episode will have been quiet for long enough; undefined when it is over. */
  dueAt: Date | undefined;
}

/**
 * Decides every episode that is over and whose facts are not those of the decision that stands. Pure: which decisions come out depends on
 * the rows, the contracts, what stands and the time, and a second call with the same input gives the same ids.
 */
export function decideConversation(input: DecideConversationInput): DecidedConversation {
  const contract = contractFor(input);
  const quietWindowMs = contract?.quietWindowMs ?? QUIET_WINDOW_DEFAULT_MS;
  const episodes = splitEpisodes(input.rows, quietWindowMs, input.now);
  const changes = episodes.filter((episode) => episode.isOver).flatMap((episode) => changeOf(episode, contract, input));
  const last = episodes.at(-1);
  return { changes, dueAt: last && !last.isOver ? new Date(last.lastActivityAt.getTime() + quietWindowMs) : undefined };
}

function contractFor({ rows, contracts }: DecideConversationInput): Contract | undefined {
  const { customer, agent } = factsOf(rows);
  return contracts.find((contract) => contract.customer.id === customer && contract.agents.includes(agent));
}

function changeOf(episode: Episode, contract: Contract | undefined, input: DecideConversationInput): DecisionChange[] {
  const facts = factsOf(episode);
  const factsSha256 = sha256Hex(canonicalJson(facts));
  const superseded = input.standing.find((decision) => decision.episode === episode.number) ?? null;
  if (superseded?.factsSha256 === factsSha256) return [];
  const verdict = verdictOf(contract, facts, episode);
  const revision = (superseded?.revision ?? 0) + 1;
  const decision: Decision = {
    id: derivedId('dec', input.organizationId, input.conversationId, episode.number, revision),
    organizationId: input.organizationId,
    conversationId: input.conversationId,
    episode: episode.number,
    revision,
    contractId: contract?.id ?? null,
    contractVersion: contract?.version ?? null,
    customerId: facts.customer,
    agent: facts.agent,
    variant: facts.variant,
    locale: facts.locale,
    channel: facts.channel,
    ...verdict,
    currency: contract?.currency ?? 'USD',
    facts: { ...facts },
    factsSha256,
    evidence: {
      traceIds: [...new Set(episode.spans.map((span) => span.trace_id))],
      signalIds: episode.signals.map((signal) => signal.signal_id),
    },
    modelCostUsd: facts.cost_usd,
    costUnknownSpans: facts.cost_unknown_calls,
    episodeStartedAt: episode.startedAt,
    episodeEndedAt: episode.lastActivityAt,
    decidedAt: input.now,
    supersedes: superseded?.id ?? null,
  };
  return [{ decision, superseded, timeZone: contract?.timeZone ?? 'UTC' }];
}

function verdictOf(contract: Contract | undefined, facts: Facts, episode: Episode): Verdict {
  const notBillable = { outcome: 'none', isBillable: false, grade: null, amountMicros: 0n, explanation: [] } as const;
  if (!contract) return { ...notBillable, reason: 'no_contract', explanation: [] };
  const day = dayIn(contract.timeZone, episode.lastActivityAt);
  const isCovered = (contract.effectiveFrom === null || day >= contract.effectiveFrom) && (contract.effectiveUntil === null || day < contract.effectiveUntil);
  if (!isCovered) return { ...notBillable, reason: 'outside_contract_dates', explanation: [] };
  return decide(contract, facts);
}

// sv-SE writes dates as 2026-01-31, which compare as text.
function dayIn(timeZone: string, at: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}
