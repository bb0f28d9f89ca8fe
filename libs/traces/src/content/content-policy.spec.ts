import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ContentPolicy, REDACTED, type TelemetrySettings } from './content-policy.js';

const policy = (settings: Partial<Pick<TelemetrySettings, 'redactPatterns' | 'redactKeys' | 'contentBytesMax'>> = {}) => new ContentPolicy({ redactPatterns: [], redactKeys: [], contentBytesMax: 1000, ...settings });
const applied = (value: string, settings: Parameters<typeof policy>[0], name = 'gen_ai.input.messages') => policy(settings).apply(name, value);

describe('patterns', () => {
  it('replace every match, in any letter case, and count them', () => {
    expect(applied('Mail ANN@example.org or bob@example.org.', { redactPatterns: ['[a-z]+@example\\.org'] })).toEqual({ value: 'Mail [redacted] or [redacted].', redactions: 2, bytesCut: 0 });
  });

  it('are applied one after the other', () => {
    expect(applied('card 4111 1111, pin 1234', { redactPatterns: ['\\d{4} \\d{4}', 'pin \\d+'] })).toEqual({ value: 'card [redacted], [redacted]', redactions: 2, bytesCut: 0 });
  });

  it('that match nothing redact nothing', () => {
    expect(applied('abc', { redactPatterns: ['x*', '^', '$'] })).toEqual({ value: 'abc', redactions: 0, bytesCut: 0 });
  });

  it('are those of RE2: what would need to go back and forth is refused by name', () => {
    for (const pattern of ['(a)\\1', '(?=a)', '(', '[z-a]']) {
      expect(() => policy({ redactPatterns: ['fine', pattern] })).toThrow(expect.objectContaining({ kind: 'invalid', code: 'invalid_redaction_pattern', message: expect.stringContaining(JSON.stringify(pattern)) }));
    }
  });

  // JavaScript's own engine needs 2^n steps for the first three, RE2 tries each start anew for the last.
  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', 'a.*b|a'])('stay fast however they are made: %s', (pattern) => {
    const startedAt = performance.now();
    const { value } = applied(`${'a'.repeat(20_000)}!`, { redactPatterns: [pattern], contentBytesMax: 1_000_000 });
    // Alone, the last needs more than ten seconds.
    expect(performance.now() - startedAt).toBeLessThan(2000);
    // What there was no time to look through is left out, and never kept as it was sent.
    expect(pattern === 'a.*b|a' ? value.endsWith(REDACTED) && !/a/.test(value.replaceAll(REDACTED, '')) : value.length).toBe(pattern === 'a.*b|a' ? true : 20_001);
  });
});

describe('keys', () => {
  it('redact the value of an attribute of that name, in any letter case', () => {
    expect(applied('anything', { redactKeys: ['GEN_AI.Prompt'] }, 'gen_ai.prompt')).toEqual({ value: REDACTED, redactions: 1, bytesCut: 0 });
    expect(applied('anything', { redactKeys: ['gen_ai.prompt'] }, 'gen_ai.prompt.0').value).toBe('anything');
  });

  it('redact members of JSON bodies at any depth, whatever they are', () => {
    const body = [{ role: 'user', Email: 'a@b.c', parts: [{ content: { EMAIL: { local: 'a' }, other: 1 } }, { email: null }] }];
    expect(JSON.parse(applied(JSON.stringify(body), { redactKeys: ['email'] }).value)).toEqual([{ role: 'user', Email: REDACTED, parts: [{ content: { EMAIL: REDACTED, other: 1 } }, { email: REDACTED }] }]);
    expect(applied(JSON.stringify(body), { redactKeys: ['email'] }).redactions).toBe(3);
  });

  it('redact them in JSON that is a string within JSON, as the arguments of a tool call are', () => {
    const body = (password: string) => JSON.stringify([{ tool_calls: [{ function: { name: 'log_in', arguments: JSON.stringify({ user: 'ann', password, more: JSON.stringify({ password }) }) } }] }]);
    const { value, redactions } = applied(body('hunter2'), { redactKeys: ['password'] });
    expect([value, redactions]).toEqual([body(REDACTED), 2]);
  });

  it('leave a body to the letter that has none of them', () => {
    const body = '{ "big" : 12345678901234567890, "a":1 }';
    expect(applied(body, { redactKeys: ['b', 'bi'] })).toEqual({ value: body, redactions: 0, bytesCut: 0 });
  });

  it('redact the whole of what looks like JSON with one of them and cannot be read', () => {
    // An SDK with a limit on lengths cuts within a body; a document of 20,000 levels is too deep to look through.
    const cut = JSON.stringify([{ role: 'user', password: 'hunter2', text: 'x' }]).slice(0, -4);
    const deep = `${'['.repeat(20_000)}{"password":"hunter2"}${']'.repeat(20_000)}`;
    for (const body of [cut, deep, '{"a": "{\\"password\\": \\"hunter2', "{'password': 'hunter2'}"]) {
      const { value } = applied(body, { redactKeys: ['password'], contentBytesMax: 1_000_000 });
      expect(value.includes('hunter2')).toBe(false);
    }
    expect(applied(cut.replace('password', 'secret'), { redactKeys: ['password'] })).toMatchObject({ redactions: 0, value: expect.stringContaining('hunter2') });
  });

  it('find every one of them in any JSON, and change nothing else', () => {
    const isKey = (name: string) => ['k', 'key'].includes(name.toLowerCase());
    // The slow way: the value itself, without the members.
    const redacted = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(redacted);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, isKey(name) ? REDACTED : redacted(member)]));
    };
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 8 }).map((text) => `text ${text}`)),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom('k', 'KEY', 'other', 'keys'), fc.string({ maxLength: 4 })), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (body) => {
        const { value } = applied(JSON.stringify(body), { redactKeys: ['key', 'K'], contentBytesMax: 1_000_000 });
        expect(JSON.parse(value)).toEqual(redacted(JSON.parse(JSON.stringify(body))));
      }),
    );
  });
});

describe('the limit on length', () => {
  it('cuts at a character, and tells how many bytes', () => {
    // a + é + 𝄞 are 1 + 2 + 4 bytes.
    const cut = (contentBytesMax: number) => applied('aé𝄞', { contentBytesMax });
    expect([7, 6, 3, 2, 1].map(cut)).toEqual([
      { value: 'aé𝄞', redactions: 0, bytesCut: 0 }, { value: 'aé', redactions: 0, bytesCut: 4 }, { value: 'aé', redactions: 0, bytesCut: 4 }, { value: 'a', redactions: 0, bytesCut: 6 }, { value: 'a', redactions: 0, bytesCut: 6 },
    ]);
  });

  it('is met after redaction: half of a secret is none', () => {
    // Cut first, at 20 bytes, the number would be "4111 1111 111", which the pattern does not know.
    expect(applied('card: 4111 1111 1111 1111', { redactPatterns: ['(\\d{4} ){3}\\d{4}'], contentBytesMax: 20 })).toEqual({ value: 'card: [redacted]', redactions: 1, bytesCut: 0 });
    expect(applied('{"password":"hunter2","x":1}', { redactKeys: ['password'], contentBytesMax: 20 }).value).toBe('{"password":"[redact');
  });
});
