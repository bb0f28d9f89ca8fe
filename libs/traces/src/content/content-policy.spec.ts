import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ContentPolicy, REDACTED, WITHHELD, type TelemetrySettings } from './content-policy.js';
import { RedactionTime } from './redaction-time.js';

const policy = (settings: Partial<Pick<TelemetrySettings, 'redactPatterns' | 'redactKeys' | 'contentBytesMax'>> = {}) => new ContentPolicy({ redactPatterns: [], redactKeys: [], contentBytesMax: 1000, ...settings });
const applied = (value: string, settings: Parameters<typeof policy>[0], name = 'gen_ai.input.messages') => policy(settings).apply(name, value, time());
/** More than any of these tests needs, on a machine that does much else. */
const time = () => new RedactionTime(60_000, 60_000);

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

  it('are refused when they are larger than a search can be stopped in', () => {
    const large = '(?:xxxxxxxxxxxxxxxxxxxx){999}';
    expect(() => policy({ redactPatterns: [large] })).not.toThrow();
    expect(() => policy({ redactPatterns: [large, 'x{100}'] })).toThrow(expect.objectContaining({ code: 'invalid_redaction_pattern', message: expect.stringContaining('"x{100}"') }));
  });
});

describe('the time for a search', () => {
  const settings = (pattern: string) => ({ redactPatterns: ['x', pattern], contentBytesMax: 1_000_000 });
  const body = `${'a'.repeat(65_536)}!`;
  const withheld = { value: WITHHELD, redactions: 1, bytesCut: 0 };

  // JavaScript's own engine needs 2^n steps for these, RE2 no more than for any other.
  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$'])('is enough for what others do not survive: %s', (pattern) => {
    expect(applied(body, settings(pattern))).toEqual({ value: body, redactions: 0, bytesCut: 0 });
  });

  // One match that takes seconds, and many of which each looks through the whole rest: minutes for this text.
  it.each(['(a?){500}(a){500}b', '((a{0,30}){0,30})b', 'a.*b|a'])('ends within a match and between matches, and nothing of the body is kept: %s', (pattern) => {
    const startedAt = performance.now();
    expect(policy(settings(pattern)).apply('body', body, new RedactionTime())).toEqual(withheld);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('is asked for all along a search, and not at its end alone', () => {
    let looks = 0;
    const ended = new RedactionTime(Infinity, 1000, () => (looks += 1));
    expect(policy(settings('nowhere')).apply('body', body, ended)).toEqual(withheld);
    expect(looks).toBeLessThan(1100);
  });

  it('is one for all bodies of a request', () => {
    let nowMs = 0;
    const shared = new RedactionTime(100, 60, () => (nowMs += 20));
    const one = policy({ redactPatterns: ['x'] });
    // Beginning, a look before the search, and the end: 40 ms each. The third has 20 ms left, and its first look comes then.
    expect(['y', 'y', 'y', 'y'].map((text) => one.apply('body', text, shared).value)).toEqual(['y', 'y', WITHHELD, WITHHELD]);
    // What no rule has to look through takes none.
    expect(policy().apply('body', 'y', shared).value).toBe('y');
  });

  it('ends within JSON too', () => {
    const many = JSON.stringify(Array.from({ length: 5000 }, (_, n) => ({ n })));
    let looks = 0;
    expect(policy({ redactKeys: ['password'], contentBytesMax: 1_000_000 }).apply('body', many, new RedactionTime(Infinity, 1000, () => (looks += 1)))).toEqual(withheld);
  });
});

describe('a body that is much longer than is kept', () => {
  it('is looked through as far as it may matter', () => {
    let looks = 0;
    const time = new RedactionTime(Infinity, Infinity, () => (looks += 1));
    const { value, bytesCut } = policy({ redactPatterns: ['nowhere'], contentBytesMax: 100 }).apply('body', 'a'.repeat(10_000_000), time);
    expect([value, bytesCut]).toEqual(['a'.repeat(100), 9_999_900]);
    // 300 characters, each of them read a few times.
    expect(looks).toBeLessThan(50);
  });

  it('keeps nothing that may be the beginning of what a pattern would have found', () => {
    // 250 characters become ten, so that the first half of the number, which the search ends within, would be kept.
    const value = `${'x'.repeat(250)} card 4111 1111 ${'1'.repeat(60)} and so on, ${'y'.repeat(1000)}`;
    const kept = applied(value, { redactPatterns: ['x+', '\\d{4} \\d{4} 1{60} and'], contentBytesMax: 100 });
    expect(kept).toEqual({ value: '', redactions: 1, bytesCut: 0 + Buffer.byteLength(`${REDACTED}${value.slice(250)}`) });
  });

  it('is left out as a whole when it is JSON with one of the keys', () => {
    const long = (name: string) => `[{"${name}":"hunter2","text":"${'t'.repeat(1000)}"}]`;
    for (const name of ['password', 'p\\u0061ssword', 'PASS\\u0057ORD']) expect(applied(long(name), { redactKeys: ['password'], contentBytesMax: 100 })).toEqual({ value: REDACTED, redactions: 1, bytesCut: 0 });
    expect(applied(long('word'), { redactKeys: ['password'], contentBytesMax: 100 }).value).toBe(long('word').slice(0, 100));
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
