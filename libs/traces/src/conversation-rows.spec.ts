import { describe, expect, it } from '@jest/globals';
import { rowsByConversation } from './conversation-rows.js';
import type { ConversationSignalRow } from './queries/conversation-signals.query.js';
import type { ConversationSpanRow } from './queries/conversation-spans.query.js';

const span = (traceId: string, spanId: string, named = '') => ({ own_conversation_id: named, trace_id: traceId, span_id: spanId }) as ConversationSpanRow;
const signal = (traceId: string, id: string, named = '') => ({ conversation_id: 'as asked', own_conversation_id: named, trace_id: traceId, signal_id: id }) as ConversationSignalRow;

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

  it('tells the other which traces and signals it named', () => {
    const named = [...signals, signal('t1', 'z', 'b'), signal('', 'w', 'b')];
    const movedFrom = (ids: string[]) => [...rowsByConversation(ids, spans, named)].map(([id, rows]) => [id, [...rows.movedIds]]);
    expect(movedFrom(['a', 'b'])).toEqual([['a', []], ['b', ['t1', 'z']]]);
    expect(movedFrom(['b'])).toEqual([['b', ['t1', 'z']]]);
  });

  it('writes the conversation on every signal', () => {
    expect(rowsByConversation(['a'], spans, signals).get('a')?.signals.map((row) => row.conversation_id)).toEqual(['a']);
  });

  it('gives a signal without a trace to the conversation that it names, and to no other', () => {
    const shapeOf = (ids: string[]) => [...rowsByConversation(ids, spans, [signal('', 'x', 'b'), signal('', 'y', 'c')])].map(([id, rows]) => [id, rows.signals.map((row) => [row.signal_id, row.conversation_id])]);
    expect(shapeOf(['a', 'b'])).toEqual([['a', []], ['b', [['x', 'b']]]]);
    // Without a trace it names nothing for the spans of others.
    expect(rowsByConversation(['b'], [span('', 's9')], [signal('', 'x', 'b')]).get('b')?.spans).toEqual([]);
  });

  it('goes by the spans of a trace where they name a conversation, and by its log records where none does', () => {
    const [named, unnamed] = [[span('t1', 's1', 'b'), span('t1', 's2')], [span('t1', 's1'), span('t1', 's2')]];
    const records = [signal('t1', 'x', 'z'), signal('t1', 'y', 'a'), signal('t1', 'z')];
    const shapeOf = (given: ConversationSpanRow[], ids: string[]) => [...rowsByConversation(ids, given, records)].map(([id, rows]) => [id, rows.spans.length, rows.signals.map((row) => row.signal_id)]);
    expect(shapeOf(named, ['a', 'b', 'z'])).toEqual([['a', 0, []], ['b', 2, ['x', 'y', 'z']], ['z', 0, []]]);
    expect(shapeOf(unnamed, ['a', 'b', 'z'])).toEqual([['a', 2, ['x', 'y', 'z']], ['b', 0, []], ['z', 0, []]]);
    expect(shapeOf(unnamed, ['z'])).toEqual([['z', 0, []]]);
    expect(shapeOf([], ['a'])).toEqual([['a', 0, ['x', 'y', 'z']]]);
  });

  it('gives a signal once that came under two traces, or under one and none, with the id that its sender gave it', () => {
    const records = [signal('', 'own', 'b'), signal('t2', 'own', 'b'), signal('t2', 'other', 'b')];
    expect(rowsByConversation(['b'], spans, records).get('b')?.signals.map((row) => row.signal_id)).toEqual(['own', 'other']);
    // The same id in two conversations is two signals.
    expect([...rowsByConversation(['a', 'b'], spans, [signal('t1', 'own'), signal('t2', 'own')])].map(([, rows]) => rows.signals.length)).toEqual([1, 1]);
  });
});
