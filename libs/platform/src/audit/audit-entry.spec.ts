import { describe, expect, it } from '@jest/globals';
import { auditValue, changedFields } from './audit-entry.js';

describe('what an audit entry holds', () => {
  it('is JSON as it will be read back', () => {
    expect(auditValue({ at: new Date(0), micros: 12n, gone: undefined, text: 'a\ud800', list: [-0, 1.5] })).toEqual({ at: '1970-01-01T00:00:00.000Z', micros: '12', text: 'a\ufffd', list: [0, 1.5] });
    expect(auditValue(undefined)).toBeNull();
  });

  it('is what differs between two states', () => {
    const before = { same: { a: 1, b: [2] }, changed: [1], removed: 'x' };
    expect(changedFields(before, { same: { b: [2], a: 1 }, changed: [1, 2], added: null })).toEqual({ before: { changed: [1], removed: 'x' }, after: { changed: [1, 2], added: null } });
    expect(changedFields(before, before)).toEqual({ before: {}, after: {} });
  });
});
