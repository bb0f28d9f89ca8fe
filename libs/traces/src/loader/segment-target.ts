import { rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { DomainError, messageOf, type ClickHouse } from '#platform';
import { ContentBlock } from '../content/content-block.js';
import { SignalBlock } from '../logs/signal-block.js';
import { schemaOf, type NativeBlock } from '../native/native-block.js';
import { readBlockHead, type BlockHead } from '../native/read-native-block.js';
import { SpanBlock } from '../rows/span-block.js';
import type { SpooledTable } from '../spool/segment-format.js';

/** The rows of one segment for one table. */
export interface SegmentPart {
  /** The same rows are loaded under it again after a crash; what a table has under it already is not loaded twice. */
  token: string;
  table: SpooledTable;
  /** Which columns the blocks have. */
  schema: number;
  /** Blocks in ClickHouse's Native format. */
  blocks: readonly Buffer[];
  /** Where a file may be put while the part is loaded. */
  scratchPath: string;
}

/** Puts parts of segments into their tables, each once however often it is given. */
export abstract class SegmentTarget {
  /** @throws DomainError `unreadable_block`; what the store says is thrown as its client throws it */
  abstract insert(part: SegmentPart): Promise<void>;
}

// The token makes a repeated insert a no-op, also in the views that depend on the table. Spans of many months are rare and slow to insert,
// and no reason to refuse a segment: it would hold up everything behind it. What a merge would tidy up is left to the merge:
// `optimize_on_insert` took half of the engine's time (bench/ingest), and readers take one row for each identity anyway.
const settings = ({ token }: SegmentPart) =>
  `SETTINGS insert_deduplicate = 1, insert_deduplication_token = '${token}', deduplicate_blocks_in_dependent_materialized_views = 1, ` +
  'optimize_on_insert = 0, max_insert_threads = 1, max_partitions_per_insert_block = 0';

const BLOCKS: Readonly<Record<SpooledTable, NativeBlock>> = { spans: new SpanBlock(), span_contents: new ContentBlock(), signals: new SignalBlock() };

// Columns that another version wrote, by table and schema. They stand between the values of a block, so that all of it is read to find them:
// once, and not for each segment and attempt.
const columnsOfOthers = new Map<string, BlockHead['columns']>();

/** Columns and types of a part. What another version of this program spooled says itself what it has. */
function columnsOf(part: SegmentPart): { names: string; structure: string } {
  const known = BLOCKS[part.table];
  const columns = known.schema === part.schema ? known.columns : columnsOfOther(part);
  return { names: columns.map(({ name }) => name).join(', '), structure: columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ') };
}

function columnsOfOther({ table, schema, blocks }: SegmentPart): BlockHead['columns'] {
  const known = columnsOfOthers.get(`${table}-${schema}`);
  if (known) return known;
  const { columns } = headOf(blocks[0] ?? Buffer.alloc(0));
  // A block that is not what its frame says must not speak for others.
  if (schemaOf(columns) === schema) columnsOfOthers.set(`${table}-${schema}`, columns);
  return columns;
}

function headOf(block: Buffer): BlockHead {
  try {
    return readBlockHead(block);
  } catch (cause) {
    throw new DomainError({ kind: 'invalid', code: 'unreadable_block', message: `A block whose columns are not ours cannot be read: ${messageOf(cause)}`, cause });
  }
}

/** The engine in this process reads the rows from a file: the connection's own insert would turn binary into text. */
class EmbeddedSegmentTarget extends SegmentTarget {
  constructor(private readonly clickhouse: ClickHouse) {
    super();
  }

  async insert(part: SegmentPart): Promise<void> {
    await writeFile(part.scratchPath, part.blocks);
    try {
      const { names, structure } = columnsOf(part);
      await this.clickhouse.run({
        query: `INSERT INTO ${part.table} (${names}) ${settings(part)} SELECT * FROM file({path: String}, 'Native', {structure: String})`,
        query_params: { path: part.scratchPath, structure },
      });
    } finally {
      await rm(part.scratchPath, { force: true });
    }
  }
}

/** A server gets the rows as one streamed request. */
class ServerSegmentTarget extends SegmentTarget {
  constructor(private readonly clickhouse: ClickHouse) {
    super();
  }

  async insert(part: SegmentPart): Promise<void> {
    const { stream } = await this.clickhouse.client.exec({
      query: `INSERT INTO ${part.table} (${columnsOf(part).names}) ${settings(part)} FORMAT Native`,
      values: Readable.from(part.blocks, { objectMode: false }),
    });
    // The rows are in when the answer is whole: one that breaks off may stand for an insert that failed.
    await finished(stream.resume());
  }
}

export function segmentTarget(clickhouse: ClickHouse): SegmentTarget {
  return clickhouse.kind === 'embedded' ? new EmbeddedSegmentTarget(clickhouse) : new ServerSegmentTarget(clickhouse);
}
