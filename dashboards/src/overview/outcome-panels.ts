import { OUTCOMES_IN_RANGE, episodeCost, labelOr } from '../filters.js';
import { tablePanel, units } from '../panels.js';

export const outcomesByKindAndGrade = () =>
  tablePanel({
    id: 12,
    title: 'Outcomes by kind and grade',
    meaning: 'Episodes decided in the time range by the outcome that held and by how good the evidence for it is. The newest decision about an episode counts.',
    whenWrong:
      'most are `none`: replay the contract and read which condition fails. Most are `inferred`: send confirmations or system events, since silence is the weakest evidence and the first to be disputed.',
    unit: units.count,
    width: 10,
    sql: `SELECT outcome AS "Outcome",
       ${labelOr('grade', '(no evidence)')} AS "Grade",
       count() AS "Outcomes",
       countIf(is_billable = 1) AS "Billable"
FROM v_outcomes
WHERE ${OUTCOMES_IN_RANGE}
GROUP BY "Outcome", "Grade"
ORDER BY "Outcomes" DESC, "Outcome", "Grade"`,
  });

export const variantComparison = () =>
  tablePanel({
    id: 13,
    title: 'Variant comparison',
    meaning:
      'Episodes decided in the time range by agent and variant: the share with a billable outcome, and the known model cost of one episode. With calls of unknown cost, that cost is too low.',
    whenWrong:
      'a variant looks better or worse: this table has no error bars and compares episodes of unequal age; decide by the report of the rollout. A variant is missing: check that the agent sends `feature_flag.result.variant`.',
    unit: units.count,
    columnUnits: { 'Outcome rate': units.share, 'Known cost per episode': units.usd },
    width: 14,
    sql: `SELECT ${labelOr('agent', '(no agent)')} AS "Agent",
       ${labelOr('variant', '(no variant)')} AS "Variant",
       countIf(addition = '') AS "Episodes",
       countIf(is_billable = 1 AND addition = '') AS "Billable",
       countIf(is_billable = 1 AND addition = '') / countIf(addition = '') AS "Outcome rate",
       toFloat64(${episodeCost()}) / countIf(addition = '') AS "Known cost per episode",
       sum(cost_unknown_spans) AS "Calls of unknown cost"
FROM v_outcomes
WHERE ${OUTCOMES_IN_RANGE}
GROUP BY "Agent", "Variant"
ORDER BY "Agent", "Variant"`,
  });
