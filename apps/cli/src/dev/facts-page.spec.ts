import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FACT_FIELDS } from '#outcomes';
import { projectRoot } from '#platform';
import { factsPage } from './facts-page.js';

describe('docs/facts.md', () => {
  it('is what the declaration says (npm run generate), and leaves nothing out', () => {
    const page = factsPage();
    expect(readFileSync(join(projectRoot(), 'docs', 'facts.md'), 'utf8')).toBe(page);
    expect(Object.keys(FACT_FIELDS).filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });
});
