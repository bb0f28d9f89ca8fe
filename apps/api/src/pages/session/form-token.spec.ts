import { describe, expect, it } from '@jest/globals';
import { formTokenOf, refuseForeignForm } from './form-token.js';

describe('refuseForeignForm', () => {
  it('lets in what carries the token of the key, and nothing else', () => {
    expect(() => refuseForeignForm({ token: formTokenOf('astk_a') }, 'astk_a')).not.toThrow();
    for (const body of [{ token: formTokenOf('astk_b') }, { token: '' }, { token: [formTokenOf('astk_a')] }, {}, undefined, 'token']) {
      expect(() => refuseForeignForm(body, 'astk_a')).toThrow(expect.objectContaining({ kind: 'forbidden', code: 'wrong_form_token' }));
    }
  });

  it('is not the key', () => {
    expect(formTokenOf('astk_a')).not.toContain('astk_a');
  });
});
