import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { DomainError } from '../errors.js';
import { readYaml, strictKeys } from './read-yaml.js';

const schema = strictKeys({ name: z.string(), size: z.number().default(3), parts: z.array(strictKeys({ id: z.string() })).default([]) });

function problemsOf(source: string): string[] {
  try {
    readYaml(source, 'things/a.yaml', 'thing', schema);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid' && error.code === 'invalid_thing') return error.details?.['problems'] as string[];
    throw error;
  }
  return [];
}

describe('readYaml', () => {
  it('gives the value, what was written, and where', () => {
    const { value, content, locate } = readYaml('# a thing\nname: x\nparts:\n  - id: p\n', 'a.yaml', 'thing', schema);
    expect(value).toEqual({ name: 'x', size: 3, parts: [{ id: 'p' }] });
    expect(content).toEqual({ name: 'x', parts: [{ id: 'p' }] });
    expect(locate(['parts', 0, 'id'])).toBe('a.yaml:4:5');
    // Not written: where its parent is.
    expect(locate(['parts', 0, 'colour'])).toBe('a.yaml:4:5');
    expect(locate([])).toBe('a.yaml:2:1');
  });

  it('sends the reader to the key that is not known, and lists those that are', () => {
    expect(problemsOf('name: x\nparts:\n  - id: p\n    color: red\n')).toEqual(['things/a.yaml:4:5: parts.0.color is not a key here; known are id']);
  });

  it('says what is missing and what has the wrong type', () => {
    expect(problemsOf('size: 1\n')).toEqual(['things/a.yaml:1:1: name is missing: give it a value of type string']);
    expect(problemsOf('name: x\nsize: big\n')).toEqual(['things/a.yaml:2:1: size must be of type number (Invalid input: expected number, received string)']);
    expect(problemsOf('')).toEqual(['things/a.yaml:1:1: the file must be of type object (Invalid input: expected object, received null)']);
  });

  it('lists every problem', () => {
    expect(problemsOf('size: big\nparts: [{}]\n')).toHaveLength(3);
  });

  it('says where YAML itself is broken', () => {
    expect(problemsOf('name: x\nname: y\n')).toEqual([expect.stringMatching(/^things\/a\.yaml:2:1: Map keys must be unique/)]);
    expect(problemsOf('name: [x\n')).toEqual([expect.stringMatching(/^things\/a\.yaml:2:1: /)]);
    expect(problemsOf('name: x\n---\nname: y\n')).toEqual([expect.stringMatching(/^things\/a\.yaml:2:1: /)]);
  });

  it('refuses an alias that leads nowhere, and one that unfolds into millions of nodes', () => {
    expect(problemsOf('name: *nothing\n')).toEqual([expect.stringMatching(/^things\/a\.yaml:1:\d+: .*nothing/)]);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]', ...'bcdefgh'.split('').map((key, index) => `${key}: &${key} [${Array(10).fill(`*${'abcdefg'[index]}`).join(', ')}]`)].join('\n');
    expect(problemsOf(bomb)).toEqual([expect.stringMatching(/^things\/a\.yaml:1:1: .*alias.*: write the value out instead$/i)]);
  });
});
