import { OUTCOMES_IN_RANGE, SPANS_IN_RANGE, episodeCost } from '../filters.js';
import { statPanel, units } from '../panels.js';

// Sums are exact decimals; the float is made of the finished sum, because a panel can draw nothing else.

export const knownModelCost = () =>
  statPanel({
    id: 3,
    title: 'Model cost, known',
    meaning: 'Sum of what the charged model calls of the time range cost, of those whose cost is known. Calls of unknown cost are in none of it: they are counted beside it.',
    whenWrong:
      'much lower than the bill of the provider: look at the calls of unknown cost and their reasons. Higher: compare cost by model and task with the prices in force (`price_version` of the spans).',
    unit: units.usd,
    decimals: 4,
    width: 4,
    sql: `SELECT toFloat64(sum(cost_usd)) AS "Known cost"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}`,
  });

export const unknownCostCalls = () =>
  statPanel({
    id: 4,
    title: 'Model calls of unknown cost',
    meaning: 'Charged model calls without a cost: no price for the model, no usage because a stream was aborted, or no model named. Unknown is not zero.',
    whenWrong:
      'above zero: read `cost_unknown_reason` of these calls. For `no_price`, add a price for the model and re-price; for `no_usage`, make the agent ask the provider for usage when it streams.',
    unit: units.count,
    width: 4,
    sql: `SELECT countIf(isNull(cost_usd)) AS "Calls of unknown cost"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}`,
  });

export const billableAmount = () =>
  statPanel({
    id: 5,
    title: 'Billable amount',
    meaning: 'Sum of the amounts of the billable outcomes decided in the time range, for each currency by itself.',
    whenWrong:
      'it differs from the statement: the statement is right, since it is frozen by period and time zone; compare the same days first. It is empty: no outcome was decided billable; see Outcomes by kind and grade.',
    unit: units.amount,
    decimals: 2,
    width: 8,
    rows: true,
    sql: `SELECT upper(currency) AS "Currency", toFloat64(sum(amount)) AS "Billable"
FROM v_outcomes
WHERE ${OUTCOMES_IN_RANGE}
  AND is_billable = 1
GROUP BY "Currency"
ORDER BY "Currency"`,
  });

export const costPerBillableOutcome = () =>
  statPanel({
    id: 6,
    title: 'Cost per billable outcome',
    meaning:
      'Known model cost of all episodes decided in the time range, also of those that earned nothing, divided by the number of billable outcomes among them. With calls of unknown cost beside it, the true figure is higher.',
    whenWrong:
      'it rises while the billable amount does not: open the variant comparison for a change of variant, then cost by model and task for the call that grew.',
    unit: units.usd,
    columnUnits: { 'Calls of unknown cost': units.count },
    decimals: 4,
    width: 12,
    sql: `SELECT toFloat64(${episodeCost()}) / nullIf(countIf(is_billable = 1), 0) AS "Cost per billable outcome",
       sum(cost_unknown_spans) AS "Calls of unknown cost"
FROM v_outcomes
WHERE ${OUTCOMES_IN_RANGE}`,
  });

const IN_USD = "upper(currency) = 'USD'";

export const marginUsd = () =>
  statPanel({
    id: 7,
    title: 'Margin (USD)',
    meaning:
      'Amounts billable in USD less the known model cost of all episodes decided in the time range, also of those that earned nothing. Episodes under a contract in another currency are left out on both sides and counted. With calls of unknown cost beside it, the true margin is lower.',
    whenWrong:
      'it falls or is negative: compare outcomes by kind (fewer billable?) with cost per billable outcome (dearer?), and pick single customers above to find whose it is.',
    unit: units.usd,
    columnUnits: { 'Calls of unknown cost': units.count, 'Outcomes in other currencies': units.count },
    width: 12,
    sql: `SELECT toFloat64(sumIf(amount, ${IN_USD}) - ${episodeCost(IN_USD)}) AS "Margin",
       sumIf(cost_unknown_spans, ${IN_USD}) AS "Calls of unknown cost",
       countIf(NOT ${IN_USD}) AS "Outcomes in other currencies"
FROM v_outcomes
WHERE ${OUTCOMES_IN_RANGE}`,
  });
