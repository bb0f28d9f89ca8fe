import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AUDIT_BEGINNING, hashAuditEntry, type AuditEntry, type AuditHead } from './audit-entry.js';
import { verifyAuditExport, verifyAuditLog, type AuditLine } from './verify-audit-log.js';

type Content = Omit<AuditEntry, 'sequence' | 'previousSha256' | 'sha256'>;

const content: fc.Arbitrary<Content> = fc.record({
  organizationId: fc.constant('acme'),
  at: fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }).map((at) => at.toISOString()),
  actor: fc.record({ kind: fc.constantFrom('key', 'person', 'job', 'command'), id: fc.string({ minLength: 1 }) }),
  action: fc.constantFrom('contract.activated', 'api_key.revoked'),
  subject: fc.record({ kind: fc.constantFrom('contract', 'api_key'), id: fc.string({ minLength: 1 }) }),
  reason: fc.option(fc.string()),
  before: fc.jsonValue() as fc.Arbitrary<AuditEntry['before']>,
  after: fc.jsonValue() as fc.Arbitrary<AuditEntry['after']>,
});

function chained(contents: readonly Content[]): AuditEntry[] {
  let head: AuditHead = AUDIT_BEGINNING;
  return contents.map((one) => {
    const whole = { ...one, sequence: head.sequence + 1, previousSha256: head.sha256 };
    head = { sequence: whole.sequence, sha256: hashAuditEntry(whole) };
    return { ...whole, sha256: head.sha256 };
  });
}

const headOf = (log: readonly AuditEntry[]): AuditHead => {
  const { sequence, sha256 } = log.at(-1) ?? AUDIT_BEGINNING;
  return { sequence, sha256 };
};
const log = fc.array(content, { minLength: 1, maxLength: 8 }).map(chained);
const place = fc.nat();
const at = (index: number, { length }: readonly unknown[]) => index % length;
const kindOf = async (entries: readonly AuditEntry[], heads: readonly AuditHead[]) => {
  const verdict = await verifyAuditLog(entries, heads);
  return verdict.kind === 'broken' ? verdict.fault.kind : verdict.kind;
};

describe('the chain of an audit log', () => {
  it('is whole as it was written, with the heads of any of its lengths', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (entries) => {
        const heads = [AUDIT_BEGINNING, ...entries.map(({ sequence, sha256 }) => ({ sequence, sha256 }))];
        expect(await verifyAuditLog(entries, heads)).toEqual({ kind: 'whole', head: headOf(entries) });
      }),
    );
    expect(await verifyAuditLog([])).toEqual({ kind: 'whole', head: AUDIT_BEGINNING });
  });

  it('shows any change of any field, at its entry', async () => {
    const fields = ['organizationId', 'at', 'actor', 'action', 'subject', 'reason', 'before', 'after', 'previousSha256', 'sha256', 'unknownToUs'] as const;
    await fc.assert(
      fc.asyncProperty(log, place, fc.constantFrom(...fields), fc.jsonValue(), async (entries, index, field, value) => {
        const changed = at(index, entries);
        const original: Record<string, unknown> = { ...(entries[changed] as AuditEntry) };
        fc.pre(!sameJson(original[field], value));
        const tampered = entries.with(changed, { ...original, [field]: value } as unknown as AuditEntry);
        expect(await verifyAuditLog(tampered)).toMatchObject({ kind: 'broken', fault: { sequence: changed + 1, kind: 'changed' } });
      }),
    );
  });

  it('shows a sequence number that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(log, place, fc.integer({ min: -2, max: 12 }), async (entries, index, sequence) => {
        const changed = at(index, entries);
        fc.pre(sequence !== changed + 1);
        const tampered = entries.map((entry, i) => (i === changed ? { ...entry, sequence } : entry));
        expect(await kindOf(tampered, [headOf(entries)])).not.toBe('whole');
      }),
    );
  });

  it('shows what was removed, in the middle as it is and at the end by a head that was written down', async () => {
    await fc.assert(
      fc.asyncProperty(log, place, fc.integer({ min: 1, max: 8 }), async (entries, index, count) => {
        const from = at(index, entries);
        const verdict = await verifyAuditLog(entries.toSpliced(from, count), [headOf(entries)]);
        const isBeginning = from === 0 && count < entries.length;
        expect(verdict).toMatchObject({ kind: 'broken', fault: { sequence: from + 1, kind: isBeginning ? 'wrong_beginning' : 'missing' } });
      }),
    );
  });

  it('shows entries that changed places', async () => {
    await fc.assert(
      fc.asyncProperty(log, place, place, async (entries, one, other) => {
        const [a, b] = [at(one, entries), at(other, entries)].sort((x, y) => x - y) as [number, number];
        const [first, second] = [entries[a], entries[b]];
        if (a === b || !first || !second) return;
        const verdict = await verifyAuditLog(entries.with(a, second).with(b, first));
        expect(verdict).toMatchObject({ kind: 'broken', fault: { sequence: a + 1, kind: a === 0 ? 'wrong_beginning' : 'out_of_order' } });
      }),
    );
  });

  it('shows an entry that was put in, whatever its sequence and with hashes that are right', async () => {
    await fc.assert(
      fc.asyncProperty(log, place, content, fc.integer({ min: -1, max: 1 }), async (entries, index, forged, shift) => {
        const before = at(index, entries);
        const previousSha256 = entries[before - 1]?.sha256 ?? AUDIT_BEGINNING.sha256;
        const whole = { ...forged, sequence: before + 1 + shift, previousSha256 };
        const inserted = entries.toSpliced(before, 0, { ...whole, sha256: hashAuditEntry(whole) });
        expect(await kindOf(inserted, [])).not.toBe('whole');
        const twice = entries.toSpliced(before, 0, entries[before] as AuditEntry);
        expect(await verifyAuditLog(twice)).toMatchObject({ kind: 'broken', fault: { sequence: before + 1, kind: 'out_of_order' } });
      }),
    );
  });

  it('shows a rewritten log, whose hashes are all right, by a head that was written down before', async () => {
    await fc.assert(
      fc.asyncProperty(log, place, place, async (entries, index, later) => {
        const changed = at(index, entries);
        const rewritten = chained(entries.map(({ sequence: _n, previousSha256: _p, sha256: _s, ...one }, i) => (i === changed ? { ...one, reason: `${one.reason ?? ''}, so they say` } : one)));
        expect(await kindOf(rewritten, [])).toBe('whole');
        const known = changed + (later % (entries.length - changed));
        const { sequence, sha256 } = entries[known] as AuditEntry;
        expect(await verifyAuditLog(rewritten, [{ sequence, sha256 }])).toMatchObject({ kind: 'broken', fault: { sequence, kind: 'changed' } });
      }),
    );
  });

  it('hashes the line without its own hash, as docs/audit.md says', () => {
    const [entry] = chained([
      { organizationId: 'acme', at: '2026-11-02T12:00:00.000Z', actor: { kind: 'person', id: 'Ada' }, action: 'contract.activated', subject: { kind: 'contract', id: 'acme@1' }, reason: 'é', before: null, after: { b: 1, a: [true] } },
    ]);
    const line =
      '{"action":"contract.activated","actor":{"id":"Ada","kind":"person"},"after":{"a":[true],"b":1},"at":"2026-11-02T12:00:00.000Z","before":null,"organizationId":"acme","previousSha256":"0000000000000000000000000000000000000000000000000000000000000000","reason":"é","sequence":1,"subject":{"id":"acme@1","kind":"contract"}}';
    expect(entry?.sha256).toBe(createHash('sha256').update(line, 'utf8').digest('hex'));
  });
});

describe('an export of an audit log', () => {
  const entries = chained(['one', 'two', 'three'].map((reason) => ({ organizationId: 'acme', at: '2026-11-02T12:00:00.000Z', actor: { kind: 'key', id: 'key_1' }, action: 'a.b', subject: { kind: 's', id: 'x' }, reason, before: null, after: null })));
  const endOf = (head: AuditHead): AuditLine => ({ end: { head, exportedAt: '2026-11-03T00:00:00.000Z' } });

  it('is held against its last line', async () => {
    expect(await verifyAuditExport([...entries, endOf(headOf(entries))])).toEqual({ kind: 'whole', head: headOf(entries) });
    expect(await verifyAuditExport(entries)).toMatchObject({ kind: 'broken', fault: { sequence: 4, kind: 'missing' } });
    expect(await verifyAuditExport([...entries.slice(0, 2), endOf(headOf(entries))])).toMatchObject({ kind: 'broken', fault: { sequence: 3, kind: 'missing' } });
    expect(await verifyAuditExport([...entries, endOf(headOf(entries.slice(0, 2)))])).toMatchObject({ kind: 'broken', fault: { sequence: 3, kind: 'out_of_order' } });
    expect(await verifyAuditExport([...entries, endOf({ sequence: 3, sha256: 'f'.repeat(64) })])).toMatchObject({ kind: 'broken', fault: { sequence: 3, kind: 'changed' } });
  });

  it('is read no further than to its first fault, and says what is wrong', async () => {
    const [first, second, third] = entries as [AuditEntry, AuditEntry, AuditEntry];
    const verdict = await verifyAuditExport([first, { ...second, reason: 'another' }, third]);
    expect(verdict).toEqual({ kind: 'broken', fault: { sequence: 2, kind: 'changed', message: 'entry 2 was changed: its hash is not that of what it says' } });
  });
});

// As the hash sees it: the order of an object's members is no change.
function sameJson(a: unknown, b: unknown): boolean {
  return hashAuditEntry({ a } as never) === hashAuditEntry({ a: b } as never);
}
