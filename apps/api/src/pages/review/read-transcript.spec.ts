import { describe, expect, it } from '@jest/globals';
import { readTranscript } from './read-transcript.js';

const said = (name: string, value: unknown, ms = 0) => ({ trace_id: 't', span_id: 's', said_at_ns: String(ms * 1_000_000), name, value: typeof value === 'string' ? value : JSON.stringify(value), redactions: 0, bytes_cut: 0 });
const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const lines = (...contents: ReturnType<typeof said>[]) => readTranscript(contents).map(({ speaker, text: line }) => `${speaker}: ${line}`);

describe('readTranscript', () => {
  it('shows each message once, though every call repeats what went before', () => {
    const first = [text('system', 'Be kind'), text('user', 'Where is it?')];
    const reply = [text('assistant', 'On its way.')];
    expect(
      lines(said('gen_ai.input.messages', first), said('gen_ai.output.messages', reply), said('gen_ai.input.messages', [...first, ...reply, text('user', 'Thanks')]), said('gen_ai.system_instructions', 'Be kind')),
    ).toEqual(['user: Where is it?', 'assistant: On its way.', 'user: Thanks']);
  });

  it('keeps what is said twice', () => {
    expect(lines(said('in', [text('user', 'Yes')]), said('out', [text('assistant', 'Sure?')]), said('in', [text('user', 'Yes'), text('assistant', 'Sure?'), text('user', 'Yes')]))).toEqual(['user: Yes', 'assistant: Sure?', 'user: Yes']);
  });

  it('reads plain content, parts of several kinds, and leaves the rest as it is', () => {
    expect(lines(said('ai.prompt', [{ role: 'user', content: 'Hello' }, { role: 'assistant', content: [{ type: 'text', text: 'One moment' }, { type: 'tool_call', name: 'look_up' }] }]))).toEqual([
      'user: Hello',
      'assistant: One moment\n{"type":"tool_call","name":"look_up"}',
    ]);
    expect(lines(said('gen_ai.tool.call.result', '{"state":"shipped"}'), said('input.value', 'plain words [cut'))).toEqual(['gen_ai.tool.call.result: {"state":"shipped"}', 'input.value: plain words [cut']);
  });
});
