import { describe, expect, it } from '@jest/globals';
import { fieldChanges } from './field-changes.js';

describe('the fields that an audit entry changed', () => {
  it('stand side by side, each under its path', () => {
    expect(fieldChanges({ status: 'draft', terms: { cap: null } }, { status: 'active', terms: { cap: '5 USD' }, versions: [1, 2], none: [] })).toEqual([
      { name: 'status', was: 'draft', is: 'active' },
      { name: 'terms: cap', was: 'nothing', is: '5 USD' },
      { name: 'versions', was: undefined, is: '1, 2' },
      { name: 'none', was: undefined, is: 'none' },
    ]);
  });

  it('are none where nothing is said', () => {
    expect(fieldChanges(null, null)).toEqual([]);
  });
});
