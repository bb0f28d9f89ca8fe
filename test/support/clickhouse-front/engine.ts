import { mkdirSync } from 'node:fs';
import { Session, drainPending } from 'chdb';
import { EngineError } from './engine-error.ts';
import { literal } from './statement.ts';

export interface Statement {
  sql: string;
  /** Where the statement itself names none. */
  format: string;
  settings: readonly (readonly [name: string, value: string])[];
  /** In the text form of the wire, which is also that of `SET param_name = '...'`. */
  params: readonly (readonly [name: string, value: string])[];
  database: string | undefined;
  isReadOnly: boolean;
}

export interface Result {
  bytes: Uint8Array;
  rows: number;
  elapsedSeconds: number;
}

/*
 * The engine on a directory. Each statement gets a session of its own, as each HTTP request does on a server: opening one takes a
 * millisecond, what is SET in it ends with it, and sessions run side by side. chDB's own parameter binding would not do: it keeps one
 * set of parameters for the whole process, takes one such query at a time, and would escape a second time what came escaped.
 */
export class Engine {
  readonly #directory: string;
  // The engine ends with its last session.
  readonly #keeper: Session;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
    this.#keeper = new Session(directory);
  }

  /** @throws EngineError */
  async run(statement: Statement): Promise<Result> {
    const { sql, format, settings, params, database, isReadOnly } = statement;
    const session = new Session(this.#directory);
    try {
      if (database !== undefined) await session.queryAsync(`USE \`${database.replace(/[\\`]/g, '\\$&')}\``);
      const changes = [...params.map(([name, value]) => [`param_${name}`, value] as const), ...settings, ...(isReadOnly ? [['readonly', '2'] as const] : [])];
      // Parameters are no part of a server's query text: how long that may be is not a limit on them.
      if (params.length > 0) await session.queryAsync('SET max_query_size = 1000000000');
      if (changes.length > 0) await session.queryAsync(`SET ${changes.map(([name, value]) => `${nameOf(name)} = ${literal(value)}`).join(', ')}`);
      if (params.length > 0 && !settings.some(([name]) => name === 'max_query_size')) await session.queryAsync('SET max_query_size = DEFAULT');
      const result = await session.queryAsync(sql, { format });
      return { bytes: result.bytes(), rows: result.rowsRead, elapsedSeconds: result.elapsed };
    } catch (error) {
      throw EngineError.from(error);
    } finally {
      session.close();
    }
  }

  /** Waits for what runs: the engine cannot be interrupted, and a process can open another directory only when this one is let go. */
  async close(): Promise<void> {
    this.#keeper.close();
    await drainPending();
  }
}

function nameOf(name: string): string {
  if (/^\w+$/.test(name)) return name;
  throw new EngineError(`Code: 115. DB::Exception: Unknown setting '${name}'. (UNKNOWN_SETTING)`);
}
