import { sql } from 'kysely';
import type { Tx } from '#platform';
import { EPISODE_MERGED } from '../decision.js';
import { monthOf } from './review-period.js';

export interface SamplePlan {
  /** `2026-11`, of `decidedAt`. */
  period: string;
  /** How many of each stratum, with those that were drawn before. */
  perStratum: number;
  /** Another seed draws others. */
  seed: string;
}

/** One of the first `perStratum` decisions of its stratum. */
export interface DrawnDecision {
  id: string;
  outcome: string;
  locale: string;
  isBillable: boolean;
  stratumSize: number;
  /** Of the stratum, sampled before this. */
  sampledBefore: number;
  isSampled: boolean;
}

/**
 * The first n of each stratum (outcome, locale, billable or not) of a month's standing decisions, in the order of SHA-256 of `seed:id`: as good
 * as random, and the same each time; a larger n draws the same and more. Only what was decided under a contract, and no test traffic: nothing
 * else is ever billed. Drawn where the decisions are, so that a month of millions sends no more than its sample.
 */
export async function drawDecisions(tx: Tx, organizationId: string, { period, perStratum, seed }: SamplePlan): Promise<DrawnDecision[]> {
  const { from, to } = monthOf(period);
  const { rows } = await sql<Omit<DrawnDecision, 'stratumSize' | 'sampledBefore'> & { stratumSize: bigint; sampledBefore: bigint }>`
    WITH standing AS (
      SELECT decision.id, decision.outcome, decision.locale, decision.is_billable, review_reasons.why IS NOT NULL AS is_sampled
      FROM outcome_decisions AS decision
      LEFT JOIN review_reasons ON review_reasons.organization_id = decision.organization_id AND review_reasons.decision_id = decision.id AND review_reasons.why = 'sampled'
      WHERE decision.organization_id = ${organizationId}
        AND decision.decided_at >= ${from}
        AND decision.decided_at < ${to}
        AND decision.contract_id IS NOT NULL
        AND NOT decision.is_test_traffic
        AND decision.reason <> ${EPISODE_MERGED}
        AND (decision.addition = '' OR decision.is_billable)
        AND NOT EXISTS (
          SELECT FROM outcome_decisions AS later
          WHERE later.organization_id = decision.organization_id
            AND later.conversation_id = decision.conversation_id
            AND later.episode = decision.episode
            AND later.addition = decision.addition
            AND later.revision > decision.revision
        )
    ), ranked AS (
      SELECT
        *,
        count(*) OVER stratum AS stratum_size,
        count(*) FILTER (WHERE is_sampled) OVER stratum AS sampled_before,
        row_number() OVER (PARTITION BY outcome, locale, is_billable ORDER BY sha256(convert_to(${seed} || ':' || id, 'UTF8'))) AS place
      FROM standing
      WINDOW stratum AS (PARTITION BY outcome, locale, is_billable)
    )
    SELECT id, outcome, locale, is_billable, is_sampled, stratum_size, sampled_before
    FROM ranked
    WHERE place <= ${perStratum}
    ORDER BY outcome, locale, is_billable DESC, place`.execute(tx);
  return rows.map((row) => ({ ...row, stratumSize: Number(row.stratumSize), sampledBefore: Number(row.sampledBefore) }));
}
