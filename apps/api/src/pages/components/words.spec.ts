import { describe, expect, it } from '@jest/globals';
import { placeInWords, reasonInWords } from './words.js';

describe('reasonInWords', () => {
  it('explains the fixed reasons and names the exclusion otherwise', () => {
    expect(reasonInWords('no_contract')).toBe('no active contract covers this customer and agent');
    expect(reasonInWords('handed_to_person')).toBe('excluded by the contract: handed to person');
  });
});

describe('placeInWords', () => {
  it.each([
    ['policies.0.when', 'policy 1, when'],
    ['exclusions.11.when', 'exclusion 12, when'],
    ['something.else', 'something.else'],
  ])('%s is %s', (at, expected) => {
    expect(placeInWords(at)).toBe(expected);
  });
});
