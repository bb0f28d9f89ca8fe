/** Required at every read of a view: no query returns another organization's rows. */
export const OF_ORGANIZATION = 'organization_id = ${organization:singlequote}';

// A turn takes seconds; an hour on either side finds the span that names the customer of a turn that crosses the edge of the range.
const AROUND_RANGE = 'started_at >= $__fromTime - INTERVAL 1 HOUR AND started_at <= $__toTime + INTERVAL 1 HOUR';

// Customer and agent often stand on the root span only, and hold for the trace: filtering span by span would lose its model calls.
const tracesWith = (column: string, variable: string) =>
  `$__conditionalAll(trace_id IN (SELECT trace_id FROM v_spans WHERE ${OF_ORGANIZATION} AND ${AROUND_RANGE} AND ${column} IN (\${${variable}:singlequote})), $${variable})`;

/** Spans and model calls that started in the range, of traces of the chosen customers and agents. */
export const SPANS_IN_RANGE = `${OF_ORGANIZATION}
  AND $__timeFilter(started_at)
  AND ${tracesWith('customer_id', 'customer')}
  AND ${tracesWith('agent', 'agent')}`;

/** Outcomes decided in the range (the time by which they are billed), of the chosen customers and agents. */
export const OUTCOMES_IN_RANGE = `${OF_ORGANIZATION}
  AND $__timeFilter(decided_at)
  AND $__conditionalAll(customer_id IN (\${customer:singlequote}), $customer)
  AND $__conditionalAll(agent IN (\${agent:singlequote}), $agent)`;

/** The model that answered; a call that failed before an answer is shown under the model that was asked for. */
export const MODEL_LABEL = "multiIf(response_model != '', response_model, request_model != '', request_model, '(no model)')";

/** A label for a column in which the empty string means that nothing was said. */
export const labelOr = (column: string, otherwise: string) => `if(${column} = '', '${otherwise}', ${column})`;

/**
 * Exact sum of the known model cost of episodes, optionally of those for which `condition` holds. NULL where calls of unknown cost are all
 * there is: an outcome keeps 0 as its known cost then, and a panel would show it as free.
 */
export function episodeCost(condition?: string): string {
  const sumOf = (column: string) => (condition === undefined ? `sum(${column})` : `sumIf(${column}, ${condition})`);
  return `if(${sumOf('cost_unknown_spans')} > 0, nullIf(${sumOf('model_cost_usd')}, 0), ${sumOf('model_cost_usd')})`;
}
