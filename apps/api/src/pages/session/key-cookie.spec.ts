import { describe, expect, it } from '@jest/globals';
import { expiredKeyCookie, keyCookie } from './key-cookie.js';

describe('keyCookie', () => {
  it('is kept from scripts and from what other sites start', () => {
    expect(keyCookie('astk_0f', { PUBLIC_URL: undefined })).toBe('astrolabe_key=astk_0f; Path=/; HttpOnly; SameSite=Lax');
  });

  it('goes over TLS alone where the service is reached over TLS', () => {
    expect(keyCookie('astk_0f', { PUBLIC_URL: 'https://astrolabe.example' })).toMatch(/; Secure$/);
    expect(keyCookie('astk_0f', { PUBLIC_URL: 'http://localhost:4318' })).not.toContain('Secure');
  });

  it('cannot be left by what is in the key', () => {
    expect(keyCookie('a; Domain=evil.example\r\nX: y', { PUBLIC_URL: undefined })).toBe('astrolabe_key=a%3B%20Domain%3Devil.example%0D%0AX%3A%20y; Path=/; HttpOnly; SameSite=Lax');
  });

  it('expires with the attributes it was set with', () => {
    expect(expiredKeyCookie({ PUBLIC_URL: 'https://astrolabe.example' })).toBe('astrolabe_key=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0');
  });
});
