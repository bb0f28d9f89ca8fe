import { describe, expect, it } from '@jest/globals';
import { renderToString } from 'preact-render-to-string';
import type { Decision } from '#outcomes';
import type { ConversationSignalRow } from '#traces';
import { ConversationPage } from './conversation-page.js';
import { groupByEpisode, readTurns } from './read-conversation.js';
import { spanRow } from './span-row.fixture.js';

const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;

const signal = { trace_id: 't1', signal_id: 's', at_ns: '1000000', kind: 'signal', name: HOSTILE, source: HOSTILE, value: HOSTILE, attributes: {} } as unknown as ConversationSignalRow;

const decision = {
  id: HOSTILE, episode: 1, revision: 1, outcome: HOSTILE, reason: HOSTILE, isBillable: true, grade: 'judged', amountMicros: 990_000n, currency: 'USD', contractId: HOSTILE, contractVersion: 1,
  explanation: [{ at: HOSTILE, expression: HOSTILE, held: true }], evidence: { traceIds: ['t1'], signalIds: ['s'] }, modelCostUsd: '0', costUnknownSpans: 2, factsSha256: HOSTILE,
  decidedAt: new Date('2026-11-20T12:00:00Z'),
} as unknown as Decision;

function render(spans: Parameters<typeof readTurns>[0], history: readonly Decision[]): string {
  const at = new Date('2026-11-20T11:00:00Z');
  const conversation = { conversationId: HOSTILE, customerId: HOSTILE, firstSeenAt: at, lastSeenAt: at, turns: 1 };
  const statements = new Map([[1, { customerId: HOSTILE, period: '2026-11', currency: 'USD' }]]);
  return renderToString(<ConversationPage organizationId={HOSTILE} conversation={conversation} episodes={groupByEpisode(readTurns(spans, [signal]), history)} statements={statements} />);
}

describe('ConversationPage', () => {
  it('writes whatever comes from outside as text, wherever it stands', () => {
    const hostile = { name: HOSTILE, status: 'error', status_message: HOSTILE, agent: HOSTILE, task: HOSTILE, model: HOSTILE, tool: HOSTILE, variant: HOSTILE };
    const html = render([spanRow('a', '', 0, 10, { ...hostile, is_charged: 1, charge: 'leaf', cost_unknown_reason: HOSTILE })], [decision]);
    expect(html).not.toMatch(/<script|<img/);
    // No attribute is left early: outside of tags and text there is nothing that an attribute could start with.
    expect(html).not.toMatch(/<[^>]*\sonerror=/);
    expect(html.match(/&lt;script>/g)?.length).toBeGreaterThanOrEqual(14);
    expect(html).toContain(`href="/statements/${encodeURIComponent(HOSTILE)}/2026-11?currency=USD"`);
  });

  it('gives an unknown cost no figure', () => {
    const html = render([spanRow('a', '', 0, 10, { is_charged: 1, charge: 'leaf', cost_unknown_reason: 'no_price' })], [decision]);
    expect(html).toContain('unknown (2\u00a0calls)');
    expect(html).toContain('unknown (1\u00a0call)');
    expect(html).toContain('unknown: no price');
    expect(html).not.toMatch(/>0(\.0*)?\u00a0USD/);
  });

  it('shows waste by pattern and in words', () => {
    const html = render([spanRow('a', '', 0, 10, { is_speculative: 1, is_used: 0 })], []);
    expect(html).toContain('class="bar wasted"');
    expect(html).toContain('speculative, wasted');
    expect(html).toContain('Not decided yet');
  });
});
