import { rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClickHouse } from '#platform';

/** Where a segment's rows go: a table and the columns in the order in which the rows were written. */
export interface SegmentTable {
  table: string;
  columns: readonly (readonly [name: string, type: string])[];
}

/** Puts one segment's rows into its table, once however often it is called with the same id. */
export abstract class SegmentTarget {
  abstract insert(segmentId: string, rows: readonly Buffer[], scratchPath: string): Promise<void>;
}

// The token makes a repeated insert a no-op, also in the views that depend on the table. Spans of many months are rare and slow to insert,
// and no reason to refuse a segment: it would hold up everything behind it.
const settings = (segmentId: string) =>
  `SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${segmentId}', deduplicate_blocks_in_dependent_materialized_views = 1, max_insert_threads = 1, max_partitions_per_insert_block = 0`;

const columnNames = ({ columns }: SegmentTable) => columns.map(([name]) => name).join(', ');

/** The engine in this process reads the rows from a file: the connection's own insert would turn binary into text. */
class EmbeddedSegmentTarget extends SegmentTarget {
  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly table: SegmentTable,
  ) {
    super();
  }

  async insert(segmentId: string, rows: readonly Buffer[], scratchPath: string): Promise<void> {
    await writeFile(scratchPath, rows);
    try {
      const structure = this.table.columns.map(([name, type]) => `\`${name}\` ${type}`).join(', ');
      await this.clickhouse.run({
        query: `INSERT INTO ${this.table.table} (${columnNames(this.table)}) ${settings(segmentId)} SELECT * FROM file({path: String}, 'RowBinary', {structure: String})`,
        query_params: { path: scratchPath, structure },
      });
    } finally {
      await rm(scratchPath, { force: true });
    }
  }
}

/** A server gets the rows as one streamed request. */
class ServerSegmentTarget extends SegmentTarget {
  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly table: SegmentTable,
  ) {
    super();
  }

  async insert(segmentId: string, rows: readonly Buffer[]): Promise<void> {
    const { stream } = await this.clickhouse.client.exec({
      query: `INSERT INTO ${this.table.table} (${columnNames(this.table)}) ${settings(segmentId)} FORMAT RowBinary`,
      values: Readable.from(rows, { objectMode: false }),
    });
    // The rows are in when the answer is whole: one that breaks off may stand for an insert that failed.
    await finished(stream.resume());
  }
}

export function segmentTarget(clickhouse: ClickHouse, table: SegmentTable): SegmentTarget {
  return clickhouse.kind === 'embedded' ? new EmbeddedSegmentTarget(clickhouse, table) : new ServerSegmentTarget(clickhouse, table);
}
