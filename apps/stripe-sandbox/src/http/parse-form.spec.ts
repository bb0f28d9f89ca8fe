import { describe, expect, it } from '@jest/globals';
import { parseForm } from './parse-form.js';

/** Null-prototype objects, as plain ones, so that they can be compared. */
const plain = (text: string): unknown => JSON.parse(JSON.stringify(parseForm(text)));

describe('parseForm', () => {
  it('reads what the SDK writes', () => {
    expect(plain('event_name=outcomes&payload[stripe_customer_id]=cus_1&payload[value]=2.5')).toEqual({
      event_name: 'outcomes',
      payload: { stripe_customer_id: 'cus_1', value: '2.5' },
    });
    expect(plain('items[0][price]=a&items[1][price]=b&expand[]=x&expand[]=y')).toEqual({
      items: [{ price: 'a' }, { price: 'b' }],
      expand: ['x', 'y'],
    });
    expect(plain('')).toEqual({});
  });

  it('decodes names and values', () => {
    expect(plain('metadata%5Ba%20b%5D=1%262%3D3+4&name=M%C3%BCller')).toEqual({ metadata: { 'a b': '1&2=3 4' }, name: 'Müller' });
    expect(plain('a[0]=&b')).toEqual({ a: [''], b: '' });
  });

  it('orders a list by its indices, not by arrival', () => {
    expect(plain('a[1]=y&a[0]=x&a[2]=z')).toEqual({ a: ['x', 'y', 'z'] });
  });

  it('reaches no prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expect(() => parseForm(`${key}[polluted]=1`)).toThrow('is not allowed');
      expect(() => parseForm(`metadata[${key}]=1`)).toThrow('is not allowed');
    }
    expect(() => parseForm('metadata[%5F%5Fproto%5F%5F][polluted]=1')).toThrow('is not allowed');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(parseForm('a=1'))).toBeNull();
    expect('toString' in parseForm('a=1')).toBe(false);
  });

  it.each([
    ['a=1&a=2', 'given twice'],
    ['a[b]=1&a[b]=2', 'given twice'],
    ['a=1&a[b]=2', 'both as a value and as an object'],
    ['a[b]=1&a=2', 'given twice'],
    ['a[0]=x&a[2]=z', 'leave a gap'],
    ['a[b=1', 'is not of the form'],
    ['a]b=1', 'is not of the form'],
    ['a[b]c=1', 'is not of the form'],
    ['[a]=1', 'is not of the form'],
    ['=1', 'is not of the form'],
    ['a=%zz', 'percent encoding'],
    ['a[1][2][3][4][5][6]=x', 'nested deeper'],
    [Array.from({ length: 1_001 }, (_, index) => `a${index}=1`).join('&'), 'more than 1000 parameters'],
  ])('refuses %p', (text, reason) => {
    expect(() => parseForm(text)).toThrow(reason);
  });
});
