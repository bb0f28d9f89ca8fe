import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeCountQuery } from './change-count.query.js';
import { changedConversationsQuery } from './changed-conversations.query.js';
import { changedErasedConversationsQuery, changedErasedEndUsersQuery } from './changed-subjects.query.js';
import { conversationContentsQuery } from './conversation-contents.query.js';
import { conversationListQuery } from './conversation-list.query.js';
import { conversationSignalsQuery } from './conversation-signals.query.js';
import { conversationSpansQuery } from './conversation-spans.query.js';
import { conversationsBetweenQuery } from './conversations-between.query.js';
import { endedConversationsQuery } from './ended-conversations.query.js';
import { countContentsQuery, eraseContentsQuery } from './erase-contents.query.js';
import { loadedThroughQuery } from './loaded-through.query.js';
import { otherRetentionQuery, setRetentionQuery } from './set-retention.query.js';
import { tracePlacesQuery } from './trace-places.query.js';
import { conversationTracesQuery, endUserTracesQuery } from './traces-to-erase.query.js';
import { usageTotalsQuery } from './usage-totals.query.js';

/*
 * The text of every query as a review sees it, in golden/. After a change on purpose, copy the new text there and read the difference.
 * That each runs and answers right is tested on the engine, in test/integration/traces*.spec.ts.
 */

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), 'golden');
const from = new Date('2026-11-01T00:00:00Z');
const to = new Date('2026-11-01T01:00:00Z');
const organizationId = "o'Brien";
const conversationIds = ['c-1', 'c-2'];
const places = [
  { traceId: '0af7651916cd43dd8448eb211c80319c', hours: [1_793_491_200, 1_793_494_800] },
  { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', hours: [1_793_491_200] },
];
const toErase = { organizationId, traceIds: ['0af7651916cd43dd8448eb211c80319c'], saidUntil: from };
const erased = { organizationId, traceIds: toErase.traceIds, untilMs: 1_793_491_200_000 };
const window = { organizationId, fromMs: 1_793_491_200_000, toMs: 1_793_494_800_000 };

const queries = [
  { name: 'change-count', built: changeCountQuery({ organizationId, from, to }), params: window },
  { name: 'changed-conversations', built: changedConversationsQuery({ organizationId, from, to }), params: window },
  { name: 'changed-subjects.conversations', built: changedErasedConversationsQuery({ organizationId, subjects: conversationIds, since: from }), params: { organizationId, subjects: conversationIds, sinceMs: window.fromMs } },
  { name: 'changed-subjects.end-users', built: changedErasedEndUsersQuery({ organizationId, subjects: ['u-1'], since: from }), params: { organizationId, subjects: ['u-1'], sinceMs: window.fromMs } },
  { name: 'conversation-contents', built: conversationContentsQuery({ organizationId, conversationId: 'c-1', limit: 10 }), params: { organizationId, conversationId: 'c-1', limit: 10 } },
  { name: 'conversation-list', built: conversationListQuery({ organizationId, limit: 20, offset: 40 }), params: { organizationId, limit: 20, offset: 40 } },
  { name: 'conversation-list.one', built: conversationListQuery({ organizationId, conversationId: 'c-1', limit: 1, offset: 0 }), params: { organizationId, conversationId: 'c-1', limit: 1, offset: 0 } },
  { name: 'conversation-signals', built: conversationSignalsQuery({ organizationId, conversationIds, places }), params: { organizationId, conversationIds, traceIds: ['0af7651916cd43dd8448eb211c80319c', '4bf92f3577b34da6a3ce929d0e0e4736'] } },
  { name: 'conversation-spans', built: conversationSpansQuery({ organizationId, places }), params: { organizationId, hours: [1_793_491_200, 1_793_494_800, 1_793_491_200], traceIds: ['0af7651916cd43dd8448eb211c80319c', '0af7651916cd43dd8448eb211c80319c', '4bf92f3577b34da6a3ce929d0e0e4736'] } },
  { name: 'conversations-between', built: conversationsBetweenQuery({ organizationId, customerId: 'acme', from, to }), params: { ...window, customerId: 'acme' } },
  { name: 'ended-conversations', built: endedConversationsQuery({ organizationId, from, to }), params: window },
  { name: 'erase-contents.count', built: countContentsQuery(toErase), params: erased },
  { name: 'erase-contents', built: eraseContentsQuery(toErase), params: erased },
  { name: 'trace-places', built: tracePlacesQuery({ organizationId, conversationIds }), params: { organizationId, conversationIds } },
  { name: 'traces-to-erase.conversation', built: conversationTracesQuery({ organizationId, conversationId: 'c-1' }), params: { organizationId, conversationId: 'c-1' } },
  { name: 'traces-to-erase.end-user', built: endUserTracesQuery({ organizationId, endUserId: 'u-1' }), params: { organizationId, endUserId: 'u-1' } },
  { name: 'traces-to-erase.end-user-since', built: endUserTracesQuery({ organizationId, endUserId: 'u-1', changedSince: from }), params: { organizationId, endUserId: 'u-1', sinceMs: window.fromMs } },
  { name: 'set-retention.other', built: otherRetentionQuery({ table: 'spans', organizationId, retentionDays: 30 }), params: { table: 'spans', organizationId, retentionDays: 30 } },
  { name: 'set-retention', built: setRetentionQuery({ table: 'spans', organizationId, retentionDays: 30 }), params: { organizationId, retentionDays: 30 } },
  { name: 'loaded-through', built: loadedThroughQuery({ organizationId, from, changesMax: 1000 }), params: { organizationId, fromMs: window.fromMs, changesMax: 1000 } },
  { name: 'usage-totals', built: usageTotalsQuery({ organizationId }), params: { organizationId } },
  { name: 'usage-totals.environment', built: usageTotalsQuery({ organizationId, environment: 'production' }), params: { organizationId, environment: 'production' } },
];

describe('query texts', () => {
  it.each(queries)('$name is golden/$name.sql, and every value is a parameter', ({ name, built, params }) => {
    expect(built.query.trim()).toBe(readFileSync(join(GOLDEN, `${name}.sql`), 'utf8').trim());
    expect(built.query_params).toEqual(params);
  });

  it.each(queries)('$name is bound to one organization wherever it reads a table or a view', ({ built }) => {
    const reads = built.query.match(/(?:FROM|ALTER TABLE) (spans|span_contents|conversations|signals|trace_index|trace_changes|content_changes|v_\w+)\b/g) ?? [];
    const bounds = built.query.match(/organization_id = \{organizationId: String\}/g) ?? [];
    expect(reads.length).toBeGreaterThan(0);
    expect(bounds).toHaveLength(reads.length);
  });

  it('has no golden file without a query, and no query file without a golden one', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(queries.map(({ name }) => `${name}.sql`).sort());
    const files = readdirSync(dirname(GOLDEN)).filter((name) => name.endsWith('.query.ts'));
    expect(files.map((name) => name.replace('.query.ts', '')).sort()).toEqual([...new Set(queries.map(({ name }) => name.split('.')[0]))].sort());
  });
});
