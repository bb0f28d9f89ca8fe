import { Injectable } from '@nestjs/common';
import { sql, type RawBuilder } from 'kysely';
import { Postgres, type Micros } from '#platform';
import { EPISODE_MERGED } from '../decision.js';
import type { HandedOver } from './missing-steps.js';

export interface LossFilter {
  /** By the end of episodes; inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
  customerId?: string | undefined;
}

/** Episodes that earned nothing for one reason. */
export interface ReasonLoss {
  reason: string;
  currency: string;
  episodes: number;
  /** What they would have earned but for the reason, where a policy would have held. */
  listedMicros: Micros;
  /** Episodes of which that is known. */
  listedEpisodes: number;
}

/** What an episode that earns something earns, on average. */
export interface MeanEarning {
  currency: string;
  episodes: number;
  meanMicros: Micros;
}

/** Reads what was decided and not billed: the decisions that stand about episodes of customers, by outcome_decisions_by_customer. */
@Injectable()
export class LossStore {
  constructor(private readonly db: Postgres) {}

  async byReason(organizationId: string, filter: LossFilter): Promise<ReasonLoss[]> {
    const { rows } = await sql<{ reason: string; currency: string; episodes: string; listedEpisodes: string; listedMicros: string }>`
      SELECT reason, currency, count(*)::text AS episodes, count(lost_micros)::text AS listed_episodes, coalesce(sum(lost_micros), 0)::text AS listed_micros
      FROM ${episodes(organizationId, filter)} AS episodes
      WHERE NOT earns
      GROUP BY reason, currency
      ORDER BY coalesce(sum(lost_micros), 0) DESC, count(*) DESC, reason, currency`.execute(this.db);
    return rows.map((row) => ({ reason: row.reason, currency: row.currency, episodes: Number(row.episodes), listedEpisodes: Number(row.listedEpisodes), listedMicros: BigInt(row.listedMicros) }));
  }

  async meanEarnings(organizationId: string, filter: LossFilter): Promise<MeanEarning[]> {
    const { rows } = await sql<{ currency: string; episodes: string; meanMicros: string }>`
      SELECT currency, count(*)::text AS episodes, round(avg(earned_micros))::text AS mean_micros
      FROM ${episodes(organizationId, filter)} AS episodes
      WHERE earns
      GROUP BY currency
      ORDER BY currency`.execute(this.db);
    return rows.map((row) => ({ currency: row.currency, episodes: Number(row.episodes), meanMicros: BigInt(row.meanMicros) }));
  }

  /** Episodes that were handed over and earned nothing, of up to `limit` conversations after the conversation `after`. */
  async handedOver(organizationId: string, filter: LossFilter, after: string, limit: number): Promise<HandedOver[]> {
    const { rows } = await sql<Omit<HandedOver, 'lostMicros'> & { lostMicros: string | null }>`
      SELECT
        conversation_id, episode, customer_id, currency, facts ->> 'handoff_reason' AS handoff_reason, lost_micros::text AS lost_micros, episode_started_at AS started_at,
        (
          SELECT min(following.episode_started_at)
          FROM outcome_decisions AS following
          WHERE following.organization_id = ${organizationId} AND following.conversation_id = handed_over.conversation_id
            AND following.episode = handed_over.episode + 1 AND following.reason <> ${EPISODE_MERGED}
        ) AS followed_at
      FROM (
        SELECT *, dense_rank() OVER (ORDER BY conversation_id) AS conversation
        FROM ${episodes(organizationId, filter)} AS episodes
        WHERE NOT earns AND facts @> '{"handed_off": true}' AND conversation_id > ${after}
      ) AS handed_over
      WHERE conversation <= ${limit}
      ORDER BY conversation_id, episode`.execute(this.db);
    return rows.map((row) => ({ ...row, lostMicros: row.lostMicros === null ? null : BigInt(row.lostMicros) }));
  }
}

/** The first decision of each episode, and with it what all that the contract bills beside one another came to. */
function episodes(organizationId: string, { from, to, customerId }: LossFilter): RawBuilder<unknown> {
  return sql`(
    SELECT *
    FROM (
      SELECT
        conversation_id, episode, addition, customer_id, currency, reason, facts, episode_started_at,
        bool_or(is_billable) OVER of_episode AS earns,
        sum(amount_micros) OVER of_episode AS earned_micros,
        sum(listed_amount_micros) OVER of_episode AS lost_micros
      FROM outcome_decisions
      WHERE organization_id = ${organizationId} AND NOT is_test_traffic
        AND episode_ended_at >= ${from} AND episode_ended_at < ${to}
        ${customerId === undefined ? sql`` : sql`AND customer_id = ${customerId}`}
        AND reason <> ${EPISODE_MERGED}
        AND NOT EXISTS (
          SELECT 1 FROM outcome_decisions AS newer
          WHERE newer.organization_id = outcome_decisions.organization_id AND newer.conversation_id = outcome_decisions.conversation_id
            AND newer.episode = outcome_decisions.episode AND newer.addition = outcome_decisions.addition AND newer.revision > outcome_decisions.revision
        )
      WINDOW of_episode AS (PARTITION BY conversation_id, episode)
    ) AS standing
    WHERE addition = ''
  )`;
}
