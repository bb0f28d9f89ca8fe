import { describe, expect, it } from '@jest/globals';
import { rowsByConversation } from './conversation-rows.js';
import type { ConversationSignalRow } from './queries/conversation-signals.query.js';
import type { ConversationSpanRow } from './queries/conversation-spans.query.js';

const span = (traceId: string, spanId: string, named = '') => ({ conversation_id: 'as asked', own_conversation_id: named, trace_id: traceId, span_id: spanId }) as ConversationSpanRow;
const signal = (traceId: string, id: string) => ({ conversation_id: 'as asked', trace_id: traceId, signal_id: id }) as ConversationSignalRow;

describe('rowsByConversation', () => {
  const spans = [span('t1', 's1', 'b'), span('t1', 's2', 'a'), span('t1', 's3'), span('t2', 's4', 'b')];
  const signals = [signal('t1', 'x'), signal('t2', 'y'), signal('t9', 'of a trace without spans')];
  const shape = (ids: string[]) =>
    [...rowsByConversation(ids, spans, signals)].map(([id, rows]) => [id, rows.spans.map((row) => row.span_id), rows.signals.map((row) => row.signal_id)]);

  it('gives a trace that names two conversations to one of them', () => {
    expect(shape(['a', 'b'])).toEqual([['a', ['s1', 's2', 's3'], ['x']], ['b', ['s4'], ['y']]]);
  });

  it('and to the same one when they are asked for apart', () => {
    expect(shape(['b'])).toEqual([['b', ['s4'], ['y']]]);
    expect(shape(['a'])).toEqual([['a', ['s1', 's2', 's3'], ['x']]]);
  });

  it('writes the conversation on every row', () => {
    expect(rowsByConversation(['a'], spans, signals).get('a')?.spans.map((row) => row.conversation_id)).toEqual(['a', 'a', 'a']);
  });
});
