// Expands a panel's SQL the way Grafana does, so that every query can be run on the real engine without a Grafana server.
// The front end goes first: `$__conditionalAll` on the raw text, then template variables. The datasource's back end follows with
// its own macros, which it finds in the text that the front end sent. The forms are those of grafana-clickhouse-datasource 4.20.
import { DomainError } from '#platform';

export interface MacroContext {
  /** Time range of the dashboard, both ends included. */
  from: Date;
  to: Date;
  /** Width of one point of the panel. */
  intervalMs: number;
  /** Value of each template variable: a string, or an array where several may be chosen. `$__all` is Grafana's "All". */
  variables: Record<string, string | readonly string[]>;
}

/**
 * The SQL that reaches ClickHouse.
 * @throws DomainError `unexpandable_query` for an unknown macro or variable, a wrong number of arguments, or "All" outside `$__conditionalAll`.
 */
export function expandMacros(sql: string, context: MacroContext): string {
  return expandBackendMacros(expandVariables(expandConditionalAll(sql, context), context), context);
}

const CONDITIONAL_ALL = '$__conditionalAll';

function expandConditionalAll(sql: string, context: MacroContext): string {
  const start = sql.lastIndexOf(CONDITIONAL_ALL);
  if (start < 0) return sql;
  const { args, end } = readArguments(sql, start + CONDITIONAL_ALL.length);
  const [condition, variable] = args;
  const name = /^\s*\$\{?(\w+)/.exec(variable ?? '')?.[1];
  if (args.length !== 2 || condition === undefined || name === undefined) {
    throw unexpandable(`$__conditionalAll takes a condition and a variable, not (${args.join(',')})`);
  }
  const value = valueOf(name, context).toString();
  const expanded = value === '' || value === '$__all' ? '1=1' : condition;
  return expandConditionalAll(sql.slice(0, start) + expanded + sql.slice(end), context);
}

const VARIABLE = /\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)/g;

function expandVariables(sql: string, context: MacroContext): string {
  return sql.replace(VARIABLE, (_match, braced: string | undefined, format: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? '';
    const value = valueOf(name, context);
    if (value.toString() === '$__all') throw unexpandable(`"${name}" is All outside $__conditionalAll`);
    if (format === 'singlequote') return [value].flat().map((one) => `'${one.replaceAll("'", "\\'")}'`).join(',');
    if (format !== undefined) throw unexpandable(`the format ":${format}" of "${name}" is not used here; write :singlequote`);
    // As the datasource does it: quoted, but not escaped.
    return typeof value === 'string' ? value : `'${value.join("','")}'`;
  });
}

type Macro = (args: readonly string[], context: MacroContext) => string;

const seconds = (time: Date) => `toDateTime(${Math.floor(time.getTime() / 1000)})`;
const milliseconds = (time: Date) => `fromUnixTimestamp64Milli(${time.getTime()})`;
const day = (time: Date) => `toDate('${time.toISOString().slice(0, 10)}')`;
const intervalSeconds = ({ intervalMs }: MacroContext) => Math.floor(Math.max(intervalMs / 1000, 1));
const intervalMilliseconds = ({ intervalMs }: MacroContext) => Math.floor(Math.max(intervalMs, 1));

const between = (column: string, bound: (time: Date) => string, { from, to }: MacroContext) =>
  `${column} >= ${bound(from)} AND ${column} <= ${bound(to)}`;

const BACKEND_MACROS: Record<string, { arity: number; expand: Macro }> = {
  timeFilter: { arity: 1, expand: ([column = ''], context) => between(column, seconds, context) },
  timeFilter_ms: { arity: 1, expand: ([column = ''], context) => between(column, milliseconds, context) },
  dateFilter: { arity: 1, expand: ([column = ''], context) => between(column, day, context) },
  dateTimeFilter: {
    arity: 2,
    expand: ([date = '', time = ''], context) => `(${between(date, day, context)}) AND (${between(time, seconds, context)})`,
  },
  fromTime: { arity: 0, expand: (_args, { from }) => seconds(from) },
  toTime: { arity: 0, expand: (_args, { to }) => seconds(to) },
  fromTime_ms: { arity: 0, expand: (_args, { from }) => milliseconds(from) },
  toTime_ms: { arity: 0, expand: (_args, { to }) => milliseconds(to) },
  timeInterval: { arity: 1, expand: ([column = ''], context) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSeconds(context)} second)` },
  timeInterval_ms: {
    arity: 1,
    expand: ([column = ''], context) => `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${intervalMilliseconds(context)} millisecond)`,
  },
  interval_s: { arity: 0, expand: (_args, context) => `${intervalSeconds(context)}` },
};

function expandBackendMacros(sql: string, context: MacroContext): string {
  const match = /\$__(\w+)/.exec(sql);
  if (!match) return sql;
  const [text, name = ''] = match;
  const macro = BACKEND_MACROS[name];
  if (!macro) throw unexpandable(`${text} is no macro of the datasource`);
  const after = match.index + text.length;
  const { args, end } = macro.arity === 0 ? { args: [], end: after } : readArguments(sql, after);
  if (args.length !== macro.arity) throw unexpandable(`${text} takes ${macro.arity} argument(s), not ${args.length}`);
  const expanded = macro.expand(args.map((arg) => arg.trim()), context);
  return sql.slice(0, match.index) + expanded + expandBackendMacros(sql.slice(end), context);
}

/** Reads `(a, f(b, c))` from `open` on and splits it at the commas of the outermost level. */
function readArguments(sql: string, open: number): { args: string[]; end: number } {
  if (sql[open] !== '(') throw unexpandable(`an opening bracket is missing after ${sql.slice(0, open).split(/\s/).at(-1) ?? ''}`);
  const args: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < sql.length; at++) {
    const char = sql[at];
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (depth === 0 || (depth === 1 && char === ',')) {
      args.push(sql.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return { args, end: at + 1 };
  }
  throw unexpandable(`brackets are not closed from "${sql.slice(open, open + 40)}" on`);
}

function valueOf(name: string, context: MacroContext): string | readonly string[] {
  const value = context.variables[name];
  if (value === undefined) throw unexpandable(`the variable "${name}" does not exist`);
  return value;
}

function unexpandable(problem: string): DomainError {
  return new DomainError({ kind: 'invalid', code: 'unexpandable_query', message: `Query cannot be expanded: ${problem}` });
}
