const BAD_REQUEST = new Set(
  ('BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_DATE ' +
    'CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6 ' +
    'CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE ' +
    'THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH ' +
    'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE').split(' '),
);
const NOT_FOUND = new Set(
  ('UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE UNKNOWN_SETTING ' +
    'UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE').split(' '),
);
const OTHERS: Record<string, number> = { QUERY_IS_TOO_LARGE: 413, NOT_IMPLEMENTED: 501, SOCKET_TIMEOUT: 503, CANNOT_OPEN_FILE: 503, CANNOT_SCHEDULE_TASK: 503, TIMEOUT_EXCEEDED: 408 };

/** What the engine says of a statement, and the HTTP status under which a server says it. */
export class EngineError extends Error {
  readonly code: number;
  readonly status: number;

  /** @param message whole, as a server writes it: `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)` */
  constructor(message: string, status?: number) {
    super(message);
    this.code = Number(/^(?:Poco::Exception\. )?Code: (\d+)/.exec(message)?.[1] ?? 1002);
    this.status = status ?? statusOf(/\(([A-Z0-9_]{3,})\)\s*$/.exec(message)?.[1] ?? '');
  }

  static from(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new EngineError(message.startsWith('Code: ') ? unwrapped(message) : `Code: 1002. DB::Exception: ${message}. (UNKNOWN_EXCEPTION)`);
  }
}

// ClickHouse: src/Server/HTTP/exceptionCodeToHTTPStatus.cpp.
function statusOf(name: string): number {
  if (BAD_REQUEST.has(name)) return 400;
  if (NOT_FOUND.has(name)) return 404;
  return OTHERS[name] ?? 500;
}

// Rows that are read from a file are refused in two layers, the outer of which repeats the inner and names the file. A server has neither.
function unwrapped(message: string): string {
  return message
    .replace(/^(Code: \d+\. DB::Exception: )\1/, '$1')
    .replace(/:? \(in file\/uri [^)]*\)/, '')
    .replace(/: While executing File: data for INSERT was parsed from file\. \(([A-Z0-9_]+)\) \(version [^)]*\)\. \(\1\)/, '. ($1)');
}
