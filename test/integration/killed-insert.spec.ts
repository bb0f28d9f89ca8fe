import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateClickHouse, openEmbeddedClickHouse, type ClickHouse } from '#platform';
import { segmentTarget } from '../../libs/traces/src/loader/segment-target.js';
import { attributesOf, protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN, transcodeBody } from '../../libs/traces/src/testing/transcode-request.js';

const TABLES = ['spans', 'conversations', 'signals', 'trace_changes'] as const;

describe('a kill in the middle of an insert into the embedded engine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-killed-'));
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    clickhouse = await openEmbeddedClickHouse(directory);
    await migrateClickHouse(clickhouse);
  });
  afterAll(async () => {
    await clickhouse.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const load = async (segmentId: string) => {
    const span = { ...BASE_SPAN, attributes: attributesOf({ 'gen_ai.conversation.id': segmentId }), events: [{ name: 'astrolabe.signal', attributes: attributesOf({ 'astrolabe.signal.name': 'saved' }) }] };
    const { frames } = transcodeBody(protobufOf(requestOf([span])), 'protobuf');
    for (const { table, schema, rows } of frames) await segmentTarget(clickhouse).insert({ token: segmentId, table, schema, blocks: [rows], scratchPath: join(directory, 'scratch') });
  };
  const rowsOf = async (conversationId: string) => {
    const query = TABLES.map((table) => `SELECT '${table}' AS name, count() AS n FROM ${table} WHERE conversation_id = {conversationId: String}`).join(' UNION ALL ');
    const rows = await clickhouse.rows<{ name: string; n: string }>({ query, query_params: { conversationId } });
    return Object.fromEntries(rows.map(({ name, n }) => [name, Number(n)]));
  };
  const ONCE = { spans: 1, conversations: 1, signals: 1, trace_changes: 1 };

  it.each(TABLES)('between the log of tokens and the rows of %s loses none: the same insert is made again', async (table) => {
    await load(table);
    expect(await rowsOf(table)).toEqual(ONCE);
    const [newest] = await clickhouse.rows<{ name: string; path: string }>({ query: `SELECT name, path FROM system.parts WHERE table = '${table}' AND active ORDER BY modification_time DESC, max_block_number DESC LIMIT 1`, query_params: {} });
    await clickhouse.close();
    // What such a kill leaves: the token is in the log, and the rows are in a directory that has no name yet.
    const path = newest?.path ?? '';
    renameSync(path, join(path, '..', `tmp_insert_${newest?.name}`));

    clickhouse = await openEmbeddedClickHouse(directory);
    expect(await rowsOf(table)).toEqual({ ...ONCE, [table]: 0 });
    await load(table);
    expect(await rowsOf(table)).toEqual(ONCE);
    // And a token whose rows are there is still known.
    await load(table);
    expect(await rowsOf(table)).toEqual(ONCE);
  });
});
