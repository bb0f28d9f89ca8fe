import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FACT_FIELDS } from './fact-fields.js';
import { factsOf, type EpisodeRows } from './facts.js';
import { childRow, nanoseconds, signalRow, spanRow } from './testing/episode-rows.js';

/*
 * What facts look like, field by field: contracts that are active read them, and decisions are compared by their hash. A change on purpose is
 * written into golden/facts.json by hand, and read by whoever reviews it; a new field must not change what an old one says.
 */

const GOLDEN = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'golden', 'facts.json'), 'utf8')) as Record<string, unknown>;
const at = (time: string) => `2026-11-02T${time}Z`;
const call = { is_charged: 1, operation: 'chat', provider: 'openai', model: 'gpt-4.1' } as const;

const EPISODES: Record<string, EpisodeRows> = {
  'a refund that the customer confirms': {
    spans: [
      spanRow('t1', at('09:00:00'), { locale: 'de-DE', channel: 'chat', variant: 'careful' }),
      childRow('t1', at('09:00:00.100'), 'classify', { ...call, cost_usd: '0.000312' }),
      childRow('t1', at('09:00:00.400'), 'refund', { tool: 'issue_refund', status: 'ok', ended_at_ns: nanoseconds(at('09:00:02.250')) }),
    ],
    signals: [
      signalRow('t1', at('09:00:02'), { kind: 'signal', name: 'refund_issued', value: '42.50' }),
      signalRow('t1', at('09:00:03'), { kind: 'signal', name: 'customer_confirmed', source: 'customer', value: 'true' }),
      signalRow('t1', at('09:00:04'), { kind: 'signal', name: 'csat', source: 'customer', value: '5' }),
      signalRow('t1', at('09:00:05'), { kind: 'end' }),
    ],
  },
  'a case that a person has to finish': {
    spans: [
      spanRow('t1', at('09:00:00'), { turn_id: 'one' }),
      childRow('t1', at('09:00:00'), 'a', { ...call, cost_usd: null, status: 'error' }),
      spanRow('t2', at('09:05:00'), { turn_id: 'two', environment: 'Internal' }),
      childRow('t2', at('09:05:00'), 'b', { tool: 'issue_refund', status: 'error' }),
    ],
    signals: [
      signalRow('t2', at('09:05:00.500'), { kind: 'signal', name: 'asked_for_person', source: 'customer' }),
      signalRow('t2', at('09:05:01'), { kind: 'handoff', value: 'tool_failed' }),
      signalRow('t2', at('09:05:02'), { kind: 'verdict', name: 'tone', source: 'judge', attributes: { 'gen_ai.evaluation.score.value': '0.25' } }),
      signalRow('t2', at('09:05:03'), { kind: 'exposure', name: 'reason-model', value: 'base' }),
    ],
  },
  'a greeting, in a test': { spans: [spanRow('t1', at('09:00:00'), { environment: 'staging', customer_id: '' })], signals: [] },
};

describe('facts', () => {
  it.each(Object.entries(EPISODES))('of %s are those of golden/facts.json', (name, rows) => {
    expect(factsOf(rows)).toEqual(GOLDEN[name]);
  });

  it('are all pinned, and all declared', () => {
    expect(Object.keys(GOLDEN)).toEqual(Object.keys(EPISODES));
    for (const rows of Object.values(EPISODES)) expect(Object.keys(factsOf(rows))).toEqual(Object.keys(FACT_FIELDS));
  });
});
