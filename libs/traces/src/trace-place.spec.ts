import { describe, expect, it } from '@jest/globals';
import { tracesByConversation } from './trace-place.js';

const [A, B, C] = ['aa', 'bb', 'cc'] as const;
const row = (trace_id: string, conversation_id: string, hour: number) => ({ trace_id, conversation_id, hour });

describe('tracesByConversation', () => {
  it('gives a conversation all traces that name it, and of a trace all hours, also those in which nothing names the conversation', () => {
    const traces = tracesByConversation([row(A, 'c-1', 3600), row(A, '', 7200), row(A, '', 3600), row(B, 'c-1', 7200), row(C, 'c-2', 0)]);
    expect(traces.get('c-1')).toEqual([{ traceId: A, hours: [3600, 7200] }, { traceId: B, hours: [7200] }]);
    expect(traces.get('c-2')).toEqual([{ traceId: C, hours: [0] }]);
    expect(traces.has('c-3')).toBe(false);
  });

  it('gives a trace that names two conversations to both: which of them it belongs to is seen in its rows', () => {
    const traces = tracesByConversation([row(A, 'c-1', 0), row(A, 'c-2', 0)]);
    expect([traces.get('c-1'), traces.get('c-2')]).toEqual([[{ traceId: A, hours: [0] }], [{ traceId: A, hours: [0] }]]);
  });
});
