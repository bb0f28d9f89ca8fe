import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FIELD_OF } from './convention-index.js';
import { ENTITY_NAME, EVENTS } from './conventions.js';
import { rowOf } from './testing/transcode-request.js';

// The table of names that was gathered from the conventions before any of this was written. This repository does not carry it.
const file = join(process.cwd(), '../shared/facts/otlp.md');
const isHere = existsSync(file);

// Kept under their own names: nothing asks for them.
const WITHOUT_A_FIELD = ['gen_ai.agent.id', 'gen_ai.agent.version', 'gen_ai.tool.type'];
// Known gaps: provider metadata is a JSON text that differs by provider, and no verdicts are made of OpenInference's attributes.
const NOT_READ = ['ai.response.providerMetadata', 'evaluation.*'];

/** The names in one cell. The table abbreviates: `.x` stands beside the name before it, `...x` below `llm.token_count`. */
function namesIn(cell: string): string[] {
  const texts = cell
    .replace(/\([^)]*\)/g, '') // values and units
    .replace(/^in /, '')
    .replace(', cache_creation.', ', gen_ai.usage.cache_creation.')
    .replace('...', 'llm.token_count.');
  const event = /event ["`]([^"`]+)["`]:?/.exec(texts);
  const listed = texts.slice(event ? event.index + event[0].length : 0).split(',').map((text) => text.trim()).filter((text) => text !== '' && text !== 'same');
  const parent = listed[0]?.replace(/\.\w+$/, '') ?? '';
  return [...(event?.[1] === undefined ? [] : [event[1]]), ...listed.map((text) => (text.startsWith('.') ? `${parent}${text}` : text))];
}

(isHere ? describe.skip : describe)('the table of names', () => {
  it('is NOT checked: ../shared/facts is absent', () => {
    console.warn('conventions-facts.spec.ts: ../shared/facts/otlp.md is absent, so it was not checked that every name of its table is read');
    expect(isHere).toBe(false);
  });
});

(isHere ? describe : describe.skip)('the table of names', () => {
  const section = isHere ? (readFileSync(file, 'utf8').split('## Names to read')[1]?.split('\n## ')[0] ?? '') : '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const names = [...new Set(rows.flatMap(([, ...cells]) => cells.flatMap(namesIn)))];

  it('is understood', () => {
    expect(rows).toHaveLength(19);
    expect(names).toEqual(expect.arrayContaining([
      'gen_ai.usage.prompt_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'llm.token_count.completion_details.reasoning', 'ai.usage.tokens', 'gen_ai.tool.call.id',
      'gen_ai.evaluation.score.label', 'feature_flag.context.id', 'First Token Stream Event', 'deployment.environment',
    ]));
    expect(names.filter((name) => !/^(\w+(\.\w+)*(\.\*)?|First Token Stream Event)$/.test(name))).toEqual([]);
  });

  it('has no name that is not read, but for those that are known not to be', () => {
    const read = [...FIELD_OF.keys(), ENTITY_NAME, ...EVENTS.flatMap(({ name, attributes }) => [name, ...attributes.map(([attribute]) => attribute)])];
    expect(names.filter((name) => !read.includes(name)).sort()).toEqual([...WITHOUT_A_FIELD, ...NOT_READ].sort());
  });

  it.each(WITHOUT_A_FIELD)('%s is kept under its own name', (name) => {
    expect(rowOf({ [name]: 'v' })).toMatchObject({ attributes: { [name]: 'v' } });
  });
});
