import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestStores, type TestStores } from '../support/test-stores.js';

describe('the views', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());

  const columnsOf = async (table: string) => {
    const rows = await stores.clickhouse.rows<{ name: string }>({ query: "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table: String} AND default_kind != 'MATERIALIZED'", query_params: { table } });
    return rows.map(({ name }) => name);
  };

  it.each([
    ['v_spans', 'spans'],
    ['v_charged_spans', 'v_spans'],
    ['v_model_calls', 'v_charged_spans'],
    ['v_signals', 'signals'],
    ['v_outcomes', 'outcomes'],
  ])('%s has every column of %s, also those that came after it', async (view, table) => {
    const columns = await columnsOf(table);
    expect(columns).toContain('organization_id');
    expect(await columnsOf(view)).toEqual(expect.arrayContaining(columns));
  });
});
