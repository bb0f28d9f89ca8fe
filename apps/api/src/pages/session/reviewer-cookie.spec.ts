import { describe, expect, it } from '@jest/globals';
import { expiredReviewerCookie, reviewerCookie, reviewerIn } from './reviewer-cookie.js';

describe('the reviewer cookie', () => {
  it('carries any name there and back', () => {
    for (const name of ['Anna', 'Zoë; Path=/', 'a=b, c%']) {
      const [pair = ''] = reviewerCookie(name, { PUBLIC_URL: undefined }).split('; Path');
      expect(reviewerIn(`astrolabe_key=astk_x; ${pair}`)).toBe(name);
    }
    expect(reviewerCookie('Anna', { PUBLIC_URL: 'https://a.example' })).toBe('astrolabe_reviewer=Anna; Path=/; HttpOnly; SameSite=Lax; Secure');
  });

  it('is no name where it was forgotten, broken or too long', () => {
    const [pair = ''] = expiredReviewerCookie({ PUBLIC_URL: undefined }).split(';');
    for (const cookies of [undefined, '', pair, 'astrolabe_reviewer=%E0%A4%A', `astrolabe_reviewer=${'x'.repeat(101)}`, 'other_astrolabe_reviewer=Anna']) expect(reviewerIn(cookies)).toBeUndefined();
  });
});
