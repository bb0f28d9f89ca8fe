import { Injectable } from '@nestjs/common';
import { ClickHouse, JobCursors, Postgres, formatMicros } from '#platform';
import { DecisionStore } from './decision-store.js';
import type { Decision } from './decision.js';

const CURSOR = 'outcomes.mirrored_through';
const BATCH_ROWS = 5_000;

/**
 * Copies decisions into ClickHouse for joins and dashboards. PostgreSQL stays the truth; a row that is copied twice is replaced by itself.
 */
@Injectable()
export class OutcomeMirror {
  constructor(
    private readonly db: Postgres,
    private readonly clickhouse: ClickHouse,
    private readonly cursors: JobCursors,
    private readonly decisions: DecisionStore,
  ) {}

  async run(organizationId: string): Promise<void> {
    for (;;) {
      const position = BigInt((await this.cursors.read(CURSOR, organizationId)) ?? '0');
      const rows = await this.decisions.after(organizationId, position, BATCH_ROWS);
      const last = rows.at(-1);
      if (!last) return;
      await this.clickhouse.client.insert({ table: 'outcomes', values: rows.map(({ decision }) => mirrorRow(decision)), format: 'JSONEachRow' });
      await this.cursors.write(this.db, CURSOR, organizationId, last.sequence.toString());
    }
  }
}

function mirrorRow(decision: Decision) {
  return {
    organization_id: decision.organizationId,
    conversation_id: decision.conversationId,
    episode: decision.episode,
    addition: decision.addition,
    revision: decision.revision,
    decision_id: decision.id,
    customer_id: decision.customerId,
    agent: decision.agent,
    variant: decision.variant,
    locale: decision.locale,
    channel: decision.channel,
    is_test_traffic: decision.isTestTraffic ? 1 : 0,
    outcome: decision.outcome,
    is_billable: decision.isBillable ? 1 : 0,
    reason: decision.reason,
    grade: decision.grade ?? '',
    amount: formatMicros(decision.amountMicros),
    listed_amount: decision.listed ? formatMicros(decision.listed.amountMicros) : null,
    currency: decision.currency,
    model_cost_usd: decision.modelCostUsd,
    cost_unknown_spans: decision.costUnknownSpans,
    episode_started_at: clickhouseTime(decision.episodeStartedAt),
    episode_ended_at: clickhouseTime(decision.episodeEndedAt),
    decided_at: clickhouseTime(decision.decidedAt),
  };
}

function clickhouseTime(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '');
}
