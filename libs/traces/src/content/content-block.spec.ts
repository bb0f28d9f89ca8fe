import { describe, expect, it } from '@jest/globals';
import { attributesOf, jsonOf, protobufOf, requestOf, type OtlpSpan } from '../testing/encode-request.js';
import { BASE_SPAN, openTranscoder, rowsFor, senderOf } from '../testing/transcode-request.js';
import { REDACTED, type TelemetrySettings } from './content-policy.js';

const transcoder = openTranscoder();
const QUESTION = '[{"role":"user","content":"Where is order 7?"}]';

describe.each([['protobuf', protobufOf], ['json', jsonOf]] as const)('message bodies, in %s', (encoding, encode) => {
  const take = (spans: OtlpSpan[], settings: Partial<TelemetrySettings> = {}, resource: Record<string, string> = {}) => {
    const transcoded = transcoder.traces({ body: encode(requestOf(spans, resource)), encoding, sender: senderOf(settings), ingestedAtMs: 1_764_000_002_000 });
    expect(transcoded.accepted).toBe(spans.length);
    return { contents: rowsFor(transcoded, 'span_contents'), spans: rowsFor(transcoded, 'spans'), frames: transcoded.frames };
  };
  const span: OtlpSpan = {
    ...BASE_SPAN,
    attributes: attributesOf({ 'gen_ai.input.messages': QUESTION, 'gen_ai.request.model': 'gpt-4.1', other: 'kept' }),
    events: [{ name: 'gen_ai.choice', attributes: attributesOf({ 'gen_ai.event.content': 'On its way.', index: 0 }) }],
  };

  it('are not kept, and not in the row of the span either, unless the organization wants them', () => {
    const { contents, spans, frames } = take([span]);
    expect([contents, frames.map(({ table }) => table)]).toEqual([[], ['spans']]);
    expect(spans).toEqual([expect.objectContaining({ attributes: { other: 'kept' }, 'events.attributes': [{ index: '0' }], request_model: 'gpt-4.1', attributes_dropped: 0 })]);
  });

  it('are kept apart from the row of the span, from attributes and from events', () => {
    const { contents, spans, frames } = take([span, { ...BASE_SPAN, spanId: '0000000000000002' }], { keepsContent: true });
    const row = { organization_id: 'acme', trace_id: BASE_SPAN.traceId, span_id: BASE_SPAN.spanId, started_at: 1_764_000_000_000_000_001n, ingested_at: 1_764_000_002_000n, redactions: 0, bytes_cut: 0, retention_days: 30 };
    expect(contents).toEqual([{ ...row, name: 'gen_ai.input.messages', value: QUESTION }, { ...row, name: 'gen_ai.event.content', value: 'On its way.' }]);
    expect(spans).toHaveLength(2);
    expect(spans[0]).toMatchObject({ attributes: { other: 'kept' }, 'events.attributes': [{ index: '0' }] });
    const rowOfSpan = frames.find(({ table }) => table === 'spans')?.rows.toString('latin1') ?? '';
    expect([rowOfSpan.includes('order 7'), rowOfSpan.includes('On its way'), rowOfSpan.includes('kept')]).toEqual([false, false, true]);
  });

  it('are kept each, where two events have bodies of one name', () => {
    const events = ['one', 'two', 'three'].map((content) => ({ name: 'gen_ai.choice', attributes: attributesOf({ 'gen_ai.event.content': content }) }));
    const { contents } = take([{ ...BASE_SPAN, events }, { ...BASE_SPAN, spanId: '0000000000000002', events }], { keepsContent: true, redactKeys: [] });
    const named = [['gen_ai.event.content', 'one'], ['gen_ai.event.content#2', 'two'], ['gen_ai.event.content#3', 'three']];
    expect(contents.map((row) => [row['name'], row['value']])).toEqual([...named, ...named]);
    expect(take([{ ...BASE_SPAN, events }], { keepsContent: true, redactKeys: ['gen_ai.event.content'] }).contents.map((row) => row['value'])).toEqual([REDACTED, REDACTED, REDACTED]);
  });

  it('are redacted and cut by the rules of the organization', () => {
    const settings = { keepsContent: true, redactPatterns: ['order \\d+'], redactKeys: ['gen_ai.event.content'], contentBytesMax: 40 };
    expect(take([span], settings).contents.map((row) => [row['value'], row['redactions'], row['bytes_cut']])).toEqual([['[{"role":"user","content":"Where is [red', 1, 10], [REDACTED, 1, 0]]);
  });

  it('are longer than an attribute may be, and more than there may be attributes', () => {
    const attributes = attributesOf(Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`gen_ai.prompt.${n}.content`, 'x'.repeat(5000)])));
    const { contents, spans } = take([{ ...BASE_SPAN, attributes }], { keepsContent: true, contentBytesMax: 5000 });
    expect([contents.length, new Set(contents.map((row) => (row['value'] as string).length)), spans[0]?.['attributes_dropped'], spans[0]?.['attributes_cut']]).toEqual([200, new Set([5000]), 0, 0]);
  });

  it('under names longer than any are kept under no name of their own', () => {
    const names = ['m', 'n'].map((letter) => `gen_ai.prompt.${letter.repeat(256)}`);
    const { contents, spans } = take([{ ...BASE_SPAN, attributes: attributesOf({ [names[0] ?? '']: 'x', [names[1] ?? '']: 'y' }) }], { keepsContent: true });
    expect(contents.map(({ name, value }) => [name, value])).toEqual([['(many)', 'x'], ['(many)#2', 'y']]);
    expect([spans[0]?.['attributes_dropped'], spans[0]?.['attributes']]).toEqual([0, {}]);
  });

  it('are as many as any conversation has turns, and counted beyond', () => {
    const { contents, spans } = take([{ ...BASE_SPAN, attributes: attributesOf(Object.fromEntries(Array.from({ length: 1030 }, (_, n) => [`gen_ai.prompt.${n}.content`, 'x']))) }], { keepsContent: true });
    expect([contents.length, spans[0]?.['attributes_dropped']]).toEqual([1024, 6]);
  });

  it('of a resource are never kept: they would be repeated for every span', () => {
    const { contents, spans } = take([BASE_SPAN], { keepsContent: true }, { 'gen_ai.system_instructions': 'be kind', host: 'h' });
    expect([contents, spans[0]?.['resource_attributes']]).toEqual([[], { host: 'h' }]);
  });

  it('are deleted when the organization says, or with their spans where it says nothing', () => {
    const daysOf = (settings: Partial<TelemetrySettings>) => take([span], { keepsContent: true, ...settings }).contents.map((row) => row['retention_days']);
    expect(daysOf({ contentRetentionDays: 7, spanRetentionDays: 9000 })).toEqual([7, 7]);
    expect(daysOf({ contentRetentionDays: 0, spanRetentionDays: 9000 })).toEqual([9000, 9000]);
    expect(daysOf({ contentRetentionDays: 0, spanRetentionDays: 0 })).toEqual([0, 0]);
  });

  it('of a span that is rejected are not kept', () => {
    const transcoded = transcoder.traces({ body: encode(requestOf([{ ...span, spanId: '' }])), encoding, sender: senderOf({ keepsContent: true }), ingestedAtMs: 0 });
    expect([transcoded.rejected, transcoded.frames]).toEqual([1, []]);
  });
});
