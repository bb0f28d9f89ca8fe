import type { Micros } from '#platform';
import type { EvidenceRef } from './fact-sources.js';
import type { Price } from './rating/price.js';

/** How good the evidence for an outcome is, best first. */
export const evidenceGrades = ['customer_confirmed', 'system_verified', 'judged', 'inferred'] as const;
export type EvidenceGrade = (typeof evidenceGrades)[number];

/** Reason of a decision about an episode that a late turn joined to the one before it: it is counted with that one. */
export const EPISODE_MERGED = 'episode_merged';

/** Reasons that a contract does not name itself. Every other reason is that of an exclusion. */
export const fixedReasons = [
  'policy_held',
  'no_policy_held',
  'grade_not_priced',
  'value_unknown',
  'pilot',
  'reopened',
  'charged_already',
  'no_contract',
  'outside_contract_dates',
  'test_traffic',
  EPISODE_MERGED,
] as const;

/** Reasons that follow from the other episodes of the conversation, and not from the facts of the episode alone. */
export const CONVERSATION_REASONS: ReadonlySet<string> = new Set(['reopened', 'charged_already'] satisfies (typeof fixedReasons)[number][]);

/** One condition of an expression. */
export interface ExplainedPart {
  text: string;
  /** Null where the facts do not allow an answer. */
  held: boolean | null;
  /** Signals and spans; the first twenty of them. */
  restsOn: EvidenceRef[];
}

/** What an explanation says of one expression of the contract. */
export interface ExplainedExpression {
  /** Where in the contract: `policies.0.when`, `exclusions.2.when`. */
  at: string;
  expression: string;
  held: boolean;
  /** The conditions in it, where there are several or where they rest on something. Not in decisions of earlier versions. */
  parts?: ExplainedPart[];
}

/** The ids a decision rests on. A signal that came later and changed no fact is not among them. */
export interface Evidence {
  traceIds: string[];
  signalIds: string[];
  /** Every span, as eight digits of a hash, one after the other: tells whether one of them was deleted since (`evidence.ts`). */
  spanMarks?: string;
}

/** What an episode that is not billable would have been, and have cost by itself, but for what stood against it. */
export interface ListedOutcome {
  outcome: string;
  grade: EvidenceGrade;
  amountMicros: Micros;
}

/** A decision about one episode, as it is stored: never changed, only superseded by the next revision. */
export interface Decision {
  /** Derived from organization, conversation, episode and revision. */
  id: string;
  organizationId: string;
  conversationId: string;
  /** 1 for the first stretch of the conversation. */
  episode: number;
  /**
   * Empty for the decision about the episode itself. Where a contract is additive, the name of an outcome that is billed beside it: a
   * decision with revisions of its own, which carries no cost.
   */
  addition: string;
  /** 1 for the first decision about the episode, or of the addition. */
  revision: number;
  /** Null where no contract covered the episode. */
  contractId: string | null;
  contractVersion: number | null;
  /** The contract's customer; without a contract whom the spans name, which may be nobody. */
  customerId: string;
  agent: string;
  variant: string;
  locale: string;
  channel: string;
  /** Of tests and simulations: decided and shown, never billed, and in no figure about customers. */
  isTestTraffic: boolean;
  /** The policy's outcome, or `none`. */
  outcome: string;
  isBillable: boolean;
  /** Why it is billable or not: one of `fixedReasons`, or the reason of the exclusion that held. */
  reason: string;
  grade: EvidenceGrade | null;
  /** 0 unless billable; the price of the outcome by itself. */
  amountMicros: Micros;
  /** How many units of its price the outcome is, in millionths. */
  quantityMicros: bigint;
  /** Null where it is billable, or where nothing would have been. */
  listed: ListedOutcome | null;
  currency: string;
  facts: Record<string, unknown>;
  factsSha256: string;
  explanation: ExplainedExpression[];
  evidence: Evidence;
  /** Decimal string: what the priced model calls of the episode cost; calls of unknown cost are counted beside it, never in it. */
  modelCostUsd: string;
  costUnknownSpans: number;
  episodeStartedAt: Date;
  episodeEndedAt: Date;
  decidedAt: Date;
  /** From then on nothing that comes late revises it; null for never. */
  finalAt: Date | null;
  /** The decision that this one replaces. */
  supersedes: string | null;
}

/** What happened when an episode was decided: handed to whoever books, in the same transaction. */
export interface DecisionChange {
  decision: Decision;
  superseded: Decision | null;
  /** IANA zone of the contract: where its months begin. */
  timeZone: string;
  /** What outcomes of this kind and grade cost by their number; null where it is not known: then each costs what its decision says. */
  price: Price | null;
}
