import { MODEL_LABEL, SPANS_IN_RANGE, labelOr } from '../filters.js';
import { statPanel, tablePanel, timeSeriesPanel, units } from '../panels.js';

const TASK_LABEL = labelOr('task', '(no task)');

const EMPTY_RANGE = 'An error instead of a chart means that no model call started in the range.';

export const speculativeWaste = () =>
  statPanel({
    id: 8,
    title: 'Spend wasted on speculation',
    meaning:
      'Known cost of the calls that were started before it was known that they were needed, and whose result was not used, as a share of all known model cost. Speculative calls of unknown use, or wasted ones of unknown cost, are in no share: they are counted beside it.',
    whenWrong:
      'above what the saved waiting time is worth: see latency by task, and start the dearest of these tasks later. Many calls not judged: set `astrolabe.used` when the result is taken or dropped.',
    unit: units.share,
    columnUnits: { 'Speculative calls not judged': units.count },
    decimals: 1,
    width: 8,
    sql: `SELECT ifNull(toFloat64(sumIf(cost_usd, is_speculative = 1 AND is_used = 0)), 0) / nullIf(toFloat64(sum(cost_usd)), 0) AS "Wasted share",
       countIf(is_speculative = 1 AND (isNull(is_used) OR (is_used = 0 AND isNull(cost_usd)))) AS "Speculative calls not judged"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}`,
  });

export const latencyByTask = () =>
  timeSeriesPanel({
    id: 9,
    title: 'Latency by task',
    meaning: 'Time from start to end of the model calls of each task: the median and the 95th percentile of the calls that started in each interval.',
    whenWrong: `p95 moves away from p50: open Errors by model for retries and time-outs at the provider; both rise: look for a new variant or a longer prompt. ${EMPTY_RANGE}`,
    unit: units.milliseconds,
    series: '${__field.labels.Task} ${__field.name}',
    width: 24,
    sql: `SELECT $__timeInterval(started_at) AS time,
       ${TASK_LABEL} AS "Task",
       quantile(0.5)(duration_ms) AS "p50",
       quantile(0.95)(duration_ms) AS "p95"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}
GROUP BY time, "Task"
ORDER BY time, "Task"`,
  });

export const costByModelAndTask = () =>
  timeSeriesPanel({
    id: 10,
    title: 'Known cost by model and task',
    meaning: 'What the charged model calls that started in each interval cost, by model and task. A gap means that no cost is known for that interval; it does not mean that nothing was spent.',
    whenWrong: `one series grows with no more conversations: that task loops or its prompt grew; look at its tokens in a turn. A series has gaps: see Model calls of unknown cost. ${EMPTY_RANGE}`,
    unit: units.usd,
    series: '${__field.labels.Model} ${__field.labels.Task}',
    stacked: true,
    width: 24,
    sql: `SELECT $__timeInterval(started_at) AS time,
       ${MODEL_LABEL} AS "Model",
       ${TASK_LABEL} AS "Task",
       toFloat64(sum(cost_usd)) AS "Known cost"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}
GROUP BY time, "Model", "Task"
ORDER BY time, "Model", "Task"`,
  });

export const errorsByModel = () =>
  tablePanel({
    id: 11,
    title: 'Errors by model',
    meaning: 'Charged model calls that ended with an error, and their share of the calls of that model, in the time range.',
    whenWrong:
      'a share jumps: read `status_message` of these spans. A rate limit needs a higher quota or fewer parallel calls; a refusal or a bad request points at the last prompt change.',
    unit: units.count,
    columnUnits: { 'Error share': units.share },
    width: 16,
    sql: `SELECT ${MODEL_LABEL} AS "Model",
       count() AS "Calls",
       countIf(status = 'error') AS "Errors",
       countIf(status = 'error') / count() AS "Error share"
FROM v_model_calls
WHERE ${SPANS_IN_RANGE}
GROUP BY "Model"
ORDER BY "Errors" DESC, "Model"`,
  });
