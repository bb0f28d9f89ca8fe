import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import { OPERATIONS, USAGE_RULES } from '#pricing';
import { CONVENTIONS, CREDENTIALS, EVENTS, MESSAGE_BODIES } from '#traces';
import { conventionsPage } from './conventions-page.js';

describe('docs/conventions.md', () => {
  const page = conventionsPage();

  it('is what the declarations say (npm run generate)', () => {
    expect(readFileSync(join(projectRoot(), 'docs', 'conventions.md'), 'utf8')).toBe(page);
  });

  it('leaves nothing out', () => {
    const fields = Object.values(CONVENTIONS).flatMap(({ columns, names }) => [...columns, ...names.map(([name]) => name)]);
    const events = EVENTS.flatMap(({ name, attributes }) => [name, ...attributes.map(([attribute]) => attribute)]);
    const names = [...fields, ...events, ...[...MESSAGE_BODIES, ...CREDENTIALS].flatMap(([, hidden]) => hidden), ...OPERATIONS.flatMap(([, , , operations]) => operations), ...Object.keys(USAGE_RULES)];
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has as many cells in every row of a table as there are titles', () => {
    const tables = page.split('\n\n').filter((part) => part.startsWith('| '));
    expect(tables).toHaveLength(6);
    for (const table of tables) expect(new Set(table.trim().split('\n').map((line) => line.split('|').length)).size).toBe(1);
  });
});
