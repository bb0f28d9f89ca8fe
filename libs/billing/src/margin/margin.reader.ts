/**
 * What outcomes earn against what the models behind them cost, the conversations that earned nothing included.
 *
 * Model prices are in USD: a margin is given only for contracts in USD, as there is no exchange rate here. A call of unknown cost is not in
 * the cost and is counted beside it: while `unknownSpans` is not 0, the cost is a lower bound and the margin an upper one.
 */
import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { EPISODE_MERGED } from '#outcomes';
import { divideHalfEven, parseDecimal, Postgres, type Micros } from '#platform';

export interface Margin {
  customer: { id: string; name: string };
  /** Of the revenue. */
  currency: string;
  /** Episodes decided, billable or not. */
  episodeCount: number;
  billableCount: number;
  /** Of the live decisions, all time. */
  revenueMicros: Micros;
  /** Known cost of all episodes in micros of USD, rounded once; null where there are calls of unknown cost and no others. */
  modelCostMicros: Micros | null;
  /** Model calls whose cost is not known: in no figure here. */
  unknownSpans: number;
  /** In micros of USD, the episodes that earned nothing included; null where nothing was billable or no cost is known. */
  costPerBillableOutcomeMicros: Micros | null;
  /** Null where revenue is not in USD or no cost is known. */
  marginMicros: Micros | null;
}

const COST_SCALE = 12;
const COST_PER_MICRO = 10n ** BigInt(COST_SCALE - 6);

interface MarginSums {
  currency: string;
  billableCount: number;
  revenueMicros: Micros;
  /** Decimal string in USD. */
  modelCostUsd: string;
  unknownSpans: number;
}

/** The figures that follow from the sums. Rounds the cost once, half to even. */
export function marginOf({ currency, billableCount, revenueMicros, modelCostUsd, unknownSpans }: MarginSums): Pick<Margin, 'modelCostMicros' | 'costPerBillableOutcomeMicros' | 'marginMicros'> {
  const cost = parseDecimal(modelCostUsd, COST_SCALE);
  // Nothing but unknown costs adds up to nothing, which is not what they were.
  if (cost === 0n && unknownSpans > 0) return { modelCostMicros: null, costPerBillableOutcomeMicros: null, marginMicros: null };
  const modelCostMicros = divideHalfEven(cost, COST_PER_MICRO);
  return {
    modelCostMicros,
    costPerBillableOutcomeMicros: billableCount > 0 ? divideHalfEven(cost, COST_PER_MICRO * BigInt(billableCount)) : null,
    marginMicros: currency === 'USD' ? revenueMicros - modelCostMicros : null,
  };
}

@Injectable()
export class MarginReader {
  constructor(private readonly db: Postgres) {}

  /** One figure for each customer and currency: amounts of different currencies are not added up. */
  async read(organizationId: string, filter: { customerId?: string | undefined } = {}): Promise<Margin[]> {
    let query = this.db
      .selectFrom('outcomeDecisions as d')
      .leftJoin('customers as c', (join) => join.onRef('c.organizationId', '=', 'd.organizationId').onRef('c.id', '=', 'd.customerId'))
      .select([
        'd.customerId',
        'c.name as customerName',
        'd.currency',
        sql<string>`(count(*) FILTER (WHERE d.addition = ''))::text`.as('episodeCount'),
        sql<string>`(count(*) FILTER (WHERE d.is_billable))::text`.as('billableCount'),
        sql<string>`sum(d.amount_micros)::text`.as('revenueMicros'),
        sql<string>`sum(d.model_cost_usd)::text`.as('modelCostUsd'),
        sql<string>`sum(d.cost_unknown_spans)::text`.as('unknownSpans'),
      ])
      .where('d.organizationId', '=', organizationId)
      // What tests and simulations cost is no cost of serving the customer; a merged episode is counted with the one that it is part of.
      .where('d.isTestTraffic', '=', false)
      .where('d.reason', '!=', EPISODE_MERGED)
      // Live: the newest revision of its episode.
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('outcomeDecisions as newer')
              .select('newer.id')
              .whereRef('newer.organizationId', '=', 'd.organizationId')
              .whereRef('newer.conversationId', '=', 'd.conversationId')
              .whereRef('newer.episode', '=', 'd.episode')
              .whereRef('newer.addition', '=', 'd.addition')
              .whereRef('newer.revision', '>', 'd.revision'),
          ),
        ),
      )
      .groupBy(['d.customerId', 'c.name', 'd.currency'])
      .orderBy('d.customerId')
      .orderBy('d.currency');
    if (filter.customerId !== undefined) query = query.where('d.customerId', '=', filter.customerId);
    const rows = await query.execute();
    return rows.map((row) => {
      const sums = { currency: row.currency, billableCount: Number(row.billableCount), revenueMicros: BigInt(row.revenueMicros), modelCostUsd: row.modelCostUsd, unknownSpans: Number(row.unknownSpans) };
      const { currency, billableCount, revenueMicros, unknownSpans } = sums;
      return {
        customer: { id: row.customerId, name: row.customerName ?? row.customerId },
        currency,
        episodeCount: Number(row.episodeCount),
        billableCount,
        revenueMicros,
        unknownSpans,
        ...marginOf(sums),
      };
    });
  }
}
