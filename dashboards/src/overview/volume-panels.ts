import { SPANS_IN_RANGE } from '../filters.js';
import { statPanel, units } from '../panels.js';

export const conversations = () =>
  statPanel({
    id: 1,
    title: 'Conversations',
    meaning: 'Conversations with at least one span that started in the time range.',
    whenWrong:
      'far fewer than the agent handled: check that the conversation id (`gen_ai.conversation.id`) is set on some span of every trace. None at all: look at Spans first.',
    unit: units.count,
    width: 4,
    sql: `SELECT uniqExactIf(conversation_id, conversation_id != '') AS "Conversations"
FROM v_spans
WHERE ${SPANS_IN_RANGE}`,
  });

export const spans = () =>
  statPanel({
    id: 2,
    title: 'Spans',
    meaning: 'Spans that started in the time range, each counted once however often it was sent.',
    whenWrong:
      'it stops growing: look at `/readyz` and the spool of the receiver, then at what the exporters of the agents log. It jumps: an agent may have begun to loop; see cost by model and task.',
    unit: units.count,
    width: 4,
    sql: `SELECT count() AS "Spans"
FROM v_spans
WHERE ${SPANS_IN_RANGE}`,
  });
