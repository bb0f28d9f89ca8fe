import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { contractJsonSchema } from './contract-json-schema.js';
import { CONTRACT, edited } from './testing/contracts.js';

const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(contractJsonSchema());
const isTaken = (source: string) => validate(parse(source));

describe('contractJsonSchema', () => {
  it('is what docs/contract.schema.json says (npm run generate)', () => {
    expect(JSON.parse(readFileSync(join(projectRoot(), 'docs', 'contract.schema.json'), 'utf8'))).toEqual(contractJsonSchema());
  });

  const folder = join(projectRoot(), 'examples', 'contracts');
  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('takes examples/contracts/%s', (name) => {
    expect([isTaken(readFileSync(join(folder, name), 'utf8')), validate.errors]).toEqual([true, null]);
  });

  it('refuses what an editor can know', () => {
    expect(isTaken(CONTRACT)).toBe(true);
    for (const edit of [['currency: USD', 'curency: USD'], ['1h', 'an hour'], ['"1.80"', '{ volume: [] }'], ['"1.80"', '-1'], ['    when: turns > 0\n', '']] as const) expect(isTaken(edited(edit))).toBe(false);
  });
});
