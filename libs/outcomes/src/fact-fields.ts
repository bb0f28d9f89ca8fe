import type { Facts, SignalFact, ToolCallFact, VerdictFact } from './facts.js';

/*
 * Every fact, declared once: its type in CEL, what it says, and a sample. Expressions are checked against the samples, in which every list has
 * an element and nothing is null; docs/facts.md is written from the words.
 */

/** How CEL sees a fact. Which kind of number it is must not depend on its value, or an expression would work for 4 and fail for 4.5. */
export type FactType = 'int' | 'double' | 'string' | 'bool' | 'list of double' | 'list of objects';

export interface FactField<Value> {
  type: FactType;
  says: string;
  sample: Value;
  /** It is null where nothing says. */
  isOptional?: true;
}

type Fields<Shape> = { readonly [Name in keyof Shape]: FactField<Shape[Name]> };

const TOOL_CALL_FIELDS: Fields<ToolCallFact> = {
  name: { type: 'string', says: 'name of the tool', sample: 't' },
  succeeded: { type: 'bool', says: 'whether its span ended without an error', sample: true },
};

const SIGNAL_FIELDS: Fields<SignalFact> = {
  name: { type: 'string', says: 'what was observed', sample: 's' },
  source: { type: 'string', says: 'who says so: `customer`, `system`, `agent` or `human`', sample: 'system' },
  value: { type: 'string', says: 'what was found, as text', sample: '1' },
  number: { type: 'double', says: 'the same where it is a number', sample: 1, isOptional: true },
};

const VERDICT_FIELDS: Fields<VerdictFact> = {
  name: { type: 'string', says: 'what was judged', sample: 'v' },
  label: { type: 'string', says: 'the verdict in a word', sample: 'pass' },
  score: { type: 'double', says: 'the verdict as a number', sample: 1, isOptional: true },
  passed: { type: 'bool', says: 'the label is pass, passed, true, yes, correct or resolved, in any case; without a label, the score is 1', sample: true },
};

const LATEST = 'as the latest turn says it, and there the outermost span: a sub-agent does not rename the conversation';

export const FACT_FIELDS: Fields<Facts> = {
  turns: { type: 'int', says: 'replies of the agent: traces, unless they carry turn ids', sample: 1 },
  customer: { type: 'string', says: `who is billed, ${LATEST}`, sample: 'c' },
  agent: { type: 'string', says: 'the agent, likewise', sample: 'a' },
  environment: { type: 'string', says: 'deployment environment, likewise', sample: 'production' },
  is_test_traffic: { type: 'bool', says: 'the environment is test, testing, simulation, ci, dev, development or staging, in any case. Never billed, whatever the contract says', sample: false },
  is_internal_user: { type: 'bool', says: 'the environment is `internal`, or a signal or passed verdict `internal_user` says so', sample: false },
  locale: { type: 'string', says: 'language of the conversation, likewise', sample: 'en' },
  channel: { type: 'string', says: 'where it took place, likewise', sample: 'chat' },
  variant: { type: 'string', says: 'variant of the rollout, likewise; or the last exposure that a flag reported', sample: 'base' },
  tool_calls: { type: 'list of objects', says: 'tools that were called, oldest first', sample: [{ name: 't', succeeded: true }] },
  signals: { type: 'list of objects', says: 'what was observed, oldest first', sample: [{ name: 's', source: 'system', value: '1', number: 1 }] },
  verdicts: { type: 'list of objects', says: 'what judges said, oldest first', sample: [{ name: 'v', label: 'pass', score: 1, passed: true }] },
  left_out: { type: 'int', says: 'tool calls, signals and verdicts beyond the first thousand of each, which expressions do not see', sample: 0 },
  handed_off: { type: 'bool', says: 'the agent gave the conversation to a person', sample: false },
  handoff_reason: { type: 'string', says: 'why, at the first hand-off; empty without one', sample: '' },
  asked_for_person: { type: 'bool', says: 'a signal `asked_for_person` from the customer', sample: false },
  human_involved: { type: 'bool', says: 'the agent handed over, or a signal comes from a `human`', sample: false },
  confirmed: { type: 'bool', says: 'a signal `customer_confirmed` from the customer that does not say `false`, `no` or `0`', sample: false },
  csat: { type: 'double', says: 'the last rating of the customer from 1 to 5 (signal `csat`); one outside of it was given on another scale', sample: 5, isOptional: true },
  ratings: { type: 'list of double', says: 'all such ratings, oldest first', sample: [5] },
  is_spam: { type: 'bool', says: 'a signal `spam` that does not say `false`, `no` or `0`, or a passed verdict `spam`', sample: false },
  is_abuse: { type: 'bool', says: 'the same of `abuse`', sample: false },
  is_duplicate_contact: { type: 'bool', says: 'the same of `duplicate_contact`: another conversation is about the same', sample: false },
  ended: { type: 'bool', says: 'the sender said that the conversation is over', sample: true },
  model_calls: { type: 'int', says: 'model calls that are charged', sample: 1 },
  failed_model_calls: { type: 'int', says: 'of these, the ones that failed', sample: 0 },
  cost_usd: { type: 'string', says: 'cost of the calls whose cost is known, in USD, as a decimal', sample: '0.01' },
  cost_unknown_calls: { type: 'int', says: 'calls whose cost is not known; never part of the cost', sample: 0 },
  started_at: { type: 'string', says: 'start of the first span, RFC 3339 in UTC', sample: '2026-01-01T00:00:00.000Z' },
  ended_at: { type: 'string', says: 'end of the last span', sample: '2026-01-01T00:01:00.000Z' },
  duration_ms: { type: 'int', says: 'from the one to the other, milliseconds', sample: 60_000 },
};

/** The elements of facts that are lists of objects. */
export const ELEMENT_FIELDS = { tool_calls: TOOL_CALL_FIELDS, signals: SIGNAL_FIELDS, verdicts: VERDICT_FIELDS } as const;

export const SAMPLE_FACTS = Object.fromEntries(Object.entries(FACT_FIELDS).map(([name, { sample }]) => [name, sample])) as unknown as Facts;
