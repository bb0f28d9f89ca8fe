import { messageOf } from '#platform';
import { readNativeRows } from '../native/read-native-block.js';
import type { Frame } from '../spool/segment-format.js';

/*
 * ClickHouse's error codes that say "not these rows, ever": the rows do not parse or do not fit their columns. Which ones they are was found
 * by giving it thousands of blocks with something wrong in them. Everything else is waited for.
 */
const REFUSED_CODES: Readonly<Record<string, string>> = {
  6: 'CANNOT_PARSE_TEXT',
  26: 'CANNOT_PARSE_QUOTED_STRING',
  27: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  32: 'ATTEMPT_TO_READ_AFTER_EOF',
  33: 'CANNOT_READ_ALL_DATA',
  36: 'BAD_ARGUMENTS',
  38: 'CANNOT_PARSE_DATE',
  41: 'CANNOT_PARSE_DATETIME',
  42: 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH',
  43: 'ILLEGAL_TYPE_OF_ARGUMENT',
  49: 'LOGICAL_ERROR',
  50: 'UNKNOWN_TYPE',
  53: 'TYPE_MISMATCH',
  62: 'SYNTAX_ERROR',
  69: 'ARGUMENT_OUT_OF_BOUND',
  70: 'CANNOT_CONVERT_TYPE',
  117: 'INCORRECT_DATA',
  128: 'TOO_LARGE_ARRAY_SIZE',
  131: 'TOO_LARGE_STRING_SIZE',
  190: 'SIZES_OF_ARRAYS_DONT_MATCH',
  271: 'CANNOT_DECOMPRESS',
  349: 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN',
  407: 'DECIMAL_OVERFLOW',
  620: 'QUERY_NOT_ALLOWED',
  // Our own.
  unreadable_block: 'a block whose columns cannot be read',
};

// There may be no memory for a while, or a length that lies may have asked for more than there will ever be.
const NO_MEMORY_CODES: Readonly<Record<string, string>> = { 173: 'CANNOT_ALLOCATE_MEMORY', 241: 'MEMORY_LIMIT_EXCEEDED' };

/** Whether the store will never take these frames. */
export async function isRefusal(error: unknown, frames: readonly Frame[]): Promise<boolean> {
  const code = codeOf(error);
  if (code === undefined) return false;
  if (!Object.hasOwn(NO_MEMORY_CODES, code)) return Object.hasOwn(REFUSED_CODES, code);
  for (const { rows } of frames) {
    if (!isReadable(rows)) return true;
    await new Promise(setImmediate);
  }
  return false;
}

/** Ours, or the store's own. The client finds none in a message that broke off at a zero byte, which broken rows can put into it. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return /^Code: (\d+)\./.exec(messageOf(error))?.[1];
}

function isReadable(rows: Buffer): boolean {
  try {
    readNativeRows(rows);
    return true;
  } catch {
    return false;
  }
}
