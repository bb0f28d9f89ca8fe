import type { SignalKind } from '../queries/conversation-signals.query.js';

export interface Signal {
  kind: SignalKind;
  name: string;
  source: string;
  value: string;
}

type Attributes = Readonly<Record<string, string>>;

const at = (attributes: Attributes, name: string) => attributes[name] ?? '';

/** Events that bear on an outcome, and what each says. The view `signals_from_spans` says the same of the events of spans. */
const EVENTS: Readonly<Record<string, (attributes: Attributes) => Signal>> = {
  'astrolabe.signal': (attributes) => ({
    kind: 'signal',
    name: at(attributes, 'astrolabe.signal.name'),
    source: at(attributes, 'astrolabe.signal.source'),
    value: at(attributes, 'astrolabe.signal.value'),
  }),
  'astrolabe.handoff': (attributes) => ({ kind: 'handoff', name: 'handoff', source: 'agent', value: at(attributes, 'astrolabe.handoff.reason') }),
  'astrolabe.conversation.end': (attributes) => ({ kind: 'end', name: 'conversation_end', source: 'agent', value: at(attributes, 'astrolabe.signal.value') }),
  'gen_ai.evaluation.result': (attributes) => ({
    kind: 'verdict',
    name: at(attributes, 'gen_ai.evaluation.name'),
    source: 'judge',
    value: at(attributes, 'gen_ai.evaluation.score.label') || at(attributes, 'gen_ai.evaluation.score.value'),
  }),
  'feature_flag.evaluation': (attributes) => ({
    kind: 'exposure',
    name: at(attributes, 'feature_flag.key'),
    source: 'agent',
    value: at(attributes, 'feature_flag.result.variant'),
  }),
};

export const EVENT_NAMES = Object.keys(EVENTS);

/** What an event says; undefined for an event that says nothing to us. */
export function signalOf(eventName: string, attributes: Attributes): Signal | undefined {
  // A record may call itself "constructor": only what stands in the table is an event.
  return Object.hasOwn(EVENTS, eventName) ? EVENTS[eventName]?.(attributes) : undefined;
}
