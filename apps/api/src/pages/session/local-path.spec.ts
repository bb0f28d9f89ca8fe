import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localPath } from './local-path.js';

describe('localPath', () => {
  it.each([
    ['/', '/'],
    ['/statements/northwind/2026-11?currency=USD', '/statements/northwind/2026-11?currency=USD'],
    ['/conversations/a%2Fb', '/conversations/a%2Fb'],
    ['/runs?key=astk_secret', '/runs'],
    ['/runs?key=astk_secret&limit=3', '/runs?limit=3'],
  ])('lets %s through as %s', (address, expected) => {
    expect(localPath(address)).toBe(expected);
  });

  it.each([
    '', 'runs', 'https://evil.example/', '//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', '/\n/evil.example', '/.//evil.example', '/..//evil.example',
    '/%2e//evil.example', 'javascript:alert(1)', '//', '/login', '/login?next=/login', '/logout',
  ])('sends %j to the overview', (address) => {
    expect(localPath(address)).toBe('/');
  });

  it.each([undefined, null, 7, ['/runs'], { toString: () => '/runs' }])('sends %j, which is no text, to the overview', (address) => {
    expect(localPath(address)).toBe('/');
  });

  it('stays on this host, whatever it is given', () => {
    const piece = fc.constantFrom('/', '\\', '.', '..', '%2e', '%2f', '%5c', ':', '@', '\t', '\n', '\r', ' ', '?', '#', 'evil.example', 'http', 'key=', '\0', '\u3002', '\uff0f');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const host of ['http://astrolabe.test', 'https://astrolabe.test:4318/login?next=x']) {
          expect(new URL(localPath(`/${pieces.join('')}`), host).host).toBe(new URL(host).host);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
