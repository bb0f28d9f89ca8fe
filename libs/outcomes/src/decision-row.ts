import type { Decision, EvidenceGrade } from './decision.js';

/** A row of outcome_decisions as Kysely reads it. */
export interface OutcomeDecisionRow extends Omit<Decision, 'grade' | 'listed' | 'facts' | 'explanation' | 'evidence'> {
  grade: string | null;
  listedOutcome: string | null;
  listedGrade: string | null;
  listedAmountMicros: bigint | null;
  facts: unknown;
  explanation: unknown;
  evidence: unknown;
}

export function decisionOf(row: OutcomeDecisionRow): Decision {
  return {
    id: row.id,
    organizationId: row.organizationId,
    conversationId: row.conversationId,
    episode: row.episode,
    addition: row.addition,
    revision: row.revision,
    contractId: row.contractId,
    contractVersion: row.contractVersion,
    customerId: row.customerId,
    agent: row.agent,
    variant: row.variant,
    locale: row.locale,
    channel: row.channel,
    isTestTraffic: row.isTestTraffic,
    outcome: row.outcome,
    isBillable: row.isBillable,
    reason: row.reason,
    grade: row.grade as EvidenceGrade | null,
    amountMicros: row.amountMicros,
    quantityMicros: row.quantityMicros,
    listed: listedOf(row),
    currency: row.currency,
    facts: row.facts as Decision['facts'],
    factsSha256: row.factsSha256,
    explanation: row.explanation as Decision['explanation'],
    evidence: row.evidence as Decision['evidence'],
    modelCostUsd: row.modelCostUsd,
    costUnknownSpans: row.costUnknownSpans,
    episodeStartedAt: row.episodeStartedAt,
    episodeEndedAt: row.episodeEndedAt,
    decidedAt: row.decidedAt,
    finalAt: row.finalAt,
    supersedes: row.supersedes,
  };
}

/** jsonb columns take JSON text: a JavaScript array would be taken for a PostgreSQL array. */
export function rowOf({ listed, ...decision }: Decision) {
  return {
    ...decision,
    listedOutcome: listed?.outcome ?? null,
    listedGrade: listed?.grade ?? null,
    listedAmountMicros: listed?.amountMicros ?? null,
    facts: JSON.stringify(decision.facts),
    explanation: JSON.stringify(decision.explanation),
    evidence: JSON.stringify(decision.evidence),
  };
}

function listedOf({ listedOutcome: outcome, listedGrade: grade, listedAmountMicros: amountMicros }: OutcomeDecisionRow): Decision['listed'] {
  return outcome === null || grade === null || amountMicros === null ? null : { outcome, grade: grade as EvidenceGrade, amountMicros };
}
