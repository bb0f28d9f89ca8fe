import { describe, expect, it } from '@jest/globals';
import { EVENT_NAMES, signalOf } from './signal-of.js';

describe('signalOf', () => {
  it.each([
    ['astrolabe.signal', { 'astrolabe.signal.name': 'csat', 'astrolabe.signal.source': 'customer', 'astrolabe.signal.value': '5' }, { kind: 'signal', name: 'csat', source: 'customer', value: '5' }],
    ['astrolabe.signal', {}, { kind: 'signal', name: '', source: '', value: '' }],
    ['astrolabe.handoff', { 'astrolabe.handoff.reason': 'asked for a person' }, { kind: 'handoff', name: 'handoff', source: 'agent', value: 'asked for a person' }],
    ['astrolabe.conversation.end', { 'astrolabe.signal.value': 'closed' }, { kind: 'end', name: 'conversation_end', source: 'agent', value: 'closed' }],
    ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': '0.5', 'gen_ai.evaluation.score.label': 'pass' }, { kind: 'verdict', name: 'tone', source: 'judge', value: 'pass' }],
    ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.value': '0.5' }, { kind: 'verdict', name: 'tone', source: 'judge', value: '0.5' }],
    ['feature_flag.evaluation', { 'feature_flag.key': 'model', 'feature_flag.result.variant': 'b', 'feature_flag.result.reason': 'split' }, { kind: 'exposure', name: 'model', source: 'agent', value: 'b' }],
  ])('reads %s with %j', (eventName, attributes, signal) => {
    expect(signalOf(eventName, attributes)).toEqual(signal);
  });

  // The last three are members of every object in JavaScript.
  it.each(['', 'Astrolabe.Signal', 'astrolabe.signal ', 'gen_ai.choice', 'constructor', 'toString', '__proto__'])('makes nothing of "%s"', (eventName) => {
    expect(signalOf(eventName, { 'astrolabe.signal.name': 'csat' })).toBeUndefined();
  });

  it('knows the events that the view of span events knows', () => {
    expect([...EVENT_NAMES].sort()).toEqual(['astrolabe.conversation.end', 'astrolabe.handoff', 'astrolabe.signal', 'feature_flag.evaluation', 'gen_ai.evaluation.result']);
  });
});
