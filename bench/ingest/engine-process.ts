import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedClickHouse, migrateClickHouse } from '#platform';
import { SpanBlock } from '../../libs/traces/src/rows/span-block.js';

/*
 * The engine alone: loads a file of blocks that the transcoder wrote, the way the loader does, again and again, and tells what that cost.
 * This is as fast as anything before it can be.
 */

const { file, spans, times } = JSON.parse(process.argv[2] ?? '') as { file: string; spans: number; times: number };
const directory = mkdtempSync(join(tmpdir(), 'astrolabe-bench-engine-'));
const clickhouse = await openEmbeddedClickHouse(join(directory, 'clickhouse'));
await migrateClickHouse(clickhouse);
const { columns } = new SpanBlock();
const structure = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const before = { cpu: cpuSeconds(), at: performance.now() };
for (let time = 0; time < times; time++) {
  await clickhouse.run({
    query: `INSERT INTO spans (${columns.map(({ name }) => name).join(', ')}) SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${time}', deduplicate_blocks_in_dependent_materialized_views = 1, optimize_on_insert = 0, max_insert_threads = 1 SELECT * FROM file({file: String}, 'Native', {structure: String})`,
    query_params: { file, structure },
  });
}
const result = { spans: spans * times, cpuSeconds: cpuSeconds() - before.cpu, seconds: (performance.now() - before.at) / 1000 };
await clickhouse.close();
writeFileSync(`${file}.result`, JSON.stringify(result));
rmSync(directory, { recursive: true, force: true });
