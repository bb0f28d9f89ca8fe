import { describe, expect, it } from '@jest/globals';
import { evidenceInWords, formatPValue } from './evidence-in-words.js';

describe('evidenceInWords', () => {
  it.each([
    [1, 'nearly all'],
    [0.62, 'about 62 of 100'],
    [0.0625, 'about 63 of 1,000'],
    [0.05, 'about 50 of 1,000'],
  ])('%s is no evidence, and no evidence of the opposite', (pValue, often) => {
    const text = evidenceInWords(pValue);
    expect(text).toContain(`in ${often} comparisons`);
    expect(text).toContain('no evidence that they differ, which is not evidence that they are equal');
  });

  it.each([
    [0.0499, 'about 50 of 1,000'],
    [0.001, 'about 1 of 1,000'],
    [0.0001, 'fewer than 1 of 1,000'],
  ])('%s is evidence', (pValue, often) => {
    expect(evidenceInWords(pValue)).toMatch(new RegExp(`in ${often} comparisons like this one: evidence that they differ\\.$`));
  });

  it('says that there was no test', () => {
    expect(evidenceInWords(null)).toContain('no exact test');
  });
});

describe('formatPValue', () => {
  it('never says zero', () => {
    expect([1, 0.0625, 0.0004, 0].map(formatPValue)).toEqual(['1.000', '0.063', '< 0.001', '< 0.001']);
  });
});
