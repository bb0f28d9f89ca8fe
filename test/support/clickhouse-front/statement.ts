/*
 * What the front has to know of a statement's text before the engine sees it: whether rows follow it, and whether it is one statement.
 * Everything else is the engine's to parse.
 */

interface Token {
  text: string;
  at: number;
}

const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`|\w+|\s+|[\s\S]/g;
const SKIPPED = /^(?:--|\/\*|\s)/;

/** An INSERT whose rows come after it, as the engine can run it when they are in a file. */
export interface DataInsert {
  reading(path: string): string;
}

/** `INSERT INTO t (a) SETTINGS x = 1 FORMAT Native` and the like; undefined for everything that brings its own rows. */
export function dataInsertOf(sql: string): DataInsert | undefined {
  const tokens = topLevelTokens(sql).filter((token) => token.text !== ';');
  const find = (...words: string[]) => tokens.find((token) => words.includes(token.text.toUpperCase()));
  const format = tokens.at(-2);
  if (!isInsert(sql) || format?.text.toUpperCase() !== 'FORMAT' || find('SELECT', 'VALUES', 'INFILE')) return undefined;
  // The file is named before the settings.
  const { at } = find('SETTINGS') ?? format;
  return { reading: (path) => `${sql.slice(0, at)}FROM INFILE ${literal(path)} ${sql.slice(at)}` };
}

export function isInsert(sql: string): boolean {
  return topLevelTokens(sql)[0]?.text.toUpperCase() === 'INSERT';
}

/** Where a second statement begins. The embedded engine runs them all; a server refuses. Rows that follow an INSERT are not looked at. */
export function secondStatementAt(sql: string): number | undefined {
  const tokens = topLevelTokens(sql);
  const semicolon = tokens.findIndex((token) => token.text === ';');
  if (semicolon < 0 || tokens.slice(0, semicolon).some((token) => /^(?:VALUES|FORMAT)$/i.test(token.text) && isInsert(sql))) return undefined;
  return tokens.slice(semicolon).find((token) => token.text !== ';')?.at;
}

export function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0')}'`;
}

function topLevelTokens(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const { 0: text, index: at } of sql.matchAll(TOKEN)) {
    if (SKIPPED.test(text)) continue;
    if (text === ')') depth--;
    else if (text === '(') depth++;
    else if (depth === 0) tokens.push({ text, at });
  }
  return tokens;
}
