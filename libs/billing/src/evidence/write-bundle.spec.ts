import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, sha256Hex } from '#platform';
import { roundedMinor } from '../statements/rounded-minor.js';
import type { EvidenceBooking, EvidenceContract, EvidenceDecision, EvidenceRecord, EvidenceStatement } from './evidence-record.js';
import { writeBundle } from './write-bundle.js';

const SOURCE = 'contract: support\r\nversion: 1';
const contract: EvidenceContract = { id: 'support', version: 1, sha256: sha256Hex(SOURCE), file: 'contracts/support-v1.yaml' };
const AT = '2026-11-10T12:00:00.000Z';

function booking(number: number, amountMicros: bigint, facts: Record<string, unknown>): EvidenceBooking {
  const decision: EvidenceDecision = {
    ...{ id: `dec_${number}`, conversationId: `c-${number}`, episode: 1, addition: '', revision: 1, supersedes: null, customerId: 'northwind', contract: { id: 'support', version: 1, sha256: contract.sha256 } },
    ...{ agent: 'support', variant: '', locale: '', channel: '', isTestTraffic: false, outcome: 'resolved', isBillable: true, reason: 'policy_held', grade: 'judged' },
    ...{ amountMicros: String(amountMicros), quantityMicros: '1000000', listed: null, currency: 'KWD', facts, factsSha256: sha256Hex(canonicalJson(facts)), explanation: [], evidence: { traceIds: [], signalIds: [] } },
    ...{ episodeStartedAt: AT, episodeEndedAt: AT, decidedAt: AT },
  };
  return { postingId: `posting_${number}`, chargeId: 'charge_1', kind: 'outcome', reverses: null, reversedPeriod: null, bookedAt: AT, quantityMicros: '1000000', amountMicros: String(amountMicros), decision, takenBackBy: null };
}

function recordsOf(bookings: readonly EvidenceBooking[]): EvidenceRecord[] {
  const total = bookings.reduce((sum, { amountMicros }) => sum + BigInt(amountMicros), 0n);
  const [totalMicros, totalMinor] = [String(total), String(roundedMinor(total, 'KWD'))];
  const charge = {
    ...{ id: 'charge_1', kind: 'outcome' as const, contractId: 'support', grade: 'judged', pricing: null, tiers: [], outcomes: bookings.length, reversals: 0, quantityMicros: String(1_000_000 * bookings.length) },
    ...{ listedMicros: totalMicros, reversedMicros: '0', adjustedMicros: '0', amountMicros: totalMicros },
  };
  const statement: EvidenceStatement = {
    ...{ format: 'astrolabe-evidence/2', id: 'northwind/2026-11/KWD', organization: 'acme', customer: { id: 'northwind', name: 'Northwind' }, currency: 'KWD', minorDigits: 3 },
    period: { label: '2026-11', start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z', timeZone: 'UTC' },
    ...{ status: 'open', statusInWords: 'The period is still running', exportedAt: AT, contracts: [contract] },
    lines: [{ kind: 'outcome', outcome: 'resolved', eventName: 'astrolabe_resolved_kwd', corrects: null, outcomes: bookings.length, reversals: 0, amountMicros: totalMicros, amountMinor: totalMinor, charges: [charge] }],
    ...{ totalMicros, totalMinor, ledgerBalanceMicros: totalMicros, bookings: bookings.length, notBilled: 0 },
  };
  return [{ statement }, { contract: { ...contract, source: SOURCE } }, ...bookings.map((each) => ({ booking: each })), { end: { bookings: bookings.length, adjustments: 0, notBilled: 0 } }];
}

describe('writeBundle', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'astrolabe-bundle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (records: readonly EvidenceRecord[], name = 'bundle', isReplacing = false) =>
    writeBundle(join(directory, name), isReplacing, (async function* () {
      yield* records;
    })());
  const verify = () => execFileSync(process.execPath, ['verify.mjs'], { cwd: join(directory, 'bundle'), encoding: 'utf8', stdio: 'pipe' });

  it('names the bytes, lines and hash of each file, and the root hash over what sha256sum prints', async () => {
    const { files, rootSha256 } = await write(recordsOf([booking(1, 1_500n, {}), booking(2, 1_000n, {})]));
    const text = readFileSync(join(directory, 'bundle', 'contracts', 'support-v1.yaml'), 'utf8');
    expect(text).toBe(SOURCE);
    expect(files.find(({ path }) => path === 'contracts/support-v1.yaml')).toEqual({ path: 'contracts/support-v1.yaml', sha256: contract.sha256, bytes: 29, lines: 2 });
    expect(files.map(({ path, lines }) => [path, lines]).filter(([path]) => String(path).endsWith('.jsonl'))).toEqual([['adjustments.jsonl', 0], ['decisions.jsonl', 2], ['not-billed.jsonl', 0]]);
    const printed = files.map(({ path }) => `${sha256Hex(readFileSync(join(directory, 'bundle', path)))}  ${path}\n`);
    expect(rootSha256).toBe(sha256Hex(printed.join('')));
  });

  it('writes what its verifier agrees with, whatever facts hold and amounts come to', async () => {
    const facts = fc.dictionary(fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__' && !/^\d+$/.test(key)), fc.jsonValue({ noUnicodeString: false, maxDepth: 2 }).map(withoutIntegerKeys), { maxKeys: 4 });
    const amounts = fc.bigInt({ min: 1n, max: 10n ** 13n });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(amounts, facts), { minLength: 1, maxLength: 8 }), async (drawn) => {
        await write(recordsOf(drawn.map(([amount, each], index) => booking(index, amount, each))), 'bundle', true);
        expect(verify()).toContain('OK: every hash fits');
      }),
      { numRuns: 15 },
    );
  });

  it('has a verifier that no change of one byte of any file escapes', async () => {
    await write(recordsOf([booking(1, 1_500n, { csat: 4.5 }), booking(2, 1_000n, {})]));
    const files = readdirSync(join(directory, 'bundle'), { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
    // Of the manifest it is the figures that count, and of the verifier that it is the one that was exported.
    const texts = files.filter((file) => !/manifest\.json$|verify\.mjs$/.test(file));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.integer({ min: 1, max: 255 }), (file, at, change) => {
        const before = readFileSync(file);
        fc.pre(before.length > 0);
        const after = Buffer.from(before);
        after[at % after.length] = (after[at % after.length] ?? 0) ^ change;
        writeFileSync(file, after);
        expect(verify).toThrow(expect.objectContaining({ status: 1, stdout: expect.stringContaining('NOT OK') }));
        writeFileSync(file, before);
      }),
      { numRuns: 25 },
    );
    expect(verify()).toContain('OK');
  });

  it('leaves nothing behind where the records break off, or fail on the way', async () => {
    const records = recordsOf([booking(1, 1_500n, {})]);
    await expect(write(records.slice(0, -1))).rejects.toMatchObject({ code: 'evidence_incomplete' });
    const failing = (async function* () {
      yield* records.slice(0, 3);
      throw new Error('gone');
    })();
    await expect(writeBundle(join(directory, 'bundle'), false, failing)).rejects.toThrow('gone');
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['../escaped.yaml', 'contracts/../../escaped.yaml', '/tmp/escaped.yaml', 'verify.mjs'])('writes no file %s', async (file) => {
    await expect(write([{ contract: { ...contract, file, source: SOURCE } }])).rejects.toMatchObject({ code: 'invalid_bundle_file' });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps the earlier bundle until the new one is whole', async () => {
    const records = recordsOf([booking(1, 1_500n, {})]);
    await write(records);
    await expect(write(records.slice(0, -1), 'bundle', true)).rejects.toMatchObject({ code: 'evidence_incomplete' });
    expect(verify()).toContain('OK');
    expect(readdirSync(directory)).toEqual(['bundle']);
  });

  it('asks for nothing where it could not write', async () => {
    writeFileSync(join(directory, 'file'), '');
    let wasAsked = false;
    const records = (async function* () {
      wasAsked = true;
      yield* recordsOf([]);
    })();
    await expect(writeBundle(join(directory, 'file'), true, records)).rejects.toMatchObject({ code: 'not_a_bundle' });
    expect(wasAsked).toBe(false);
  });
});

/** JavaScript puts keys that are integers before all others, whatever order they are given in; no fact has one. */
function withoutIntegerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIntegerKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__' && !/^\d+$/.test(key)).map(([key, inner]) => [key, withoutIntegerKeys(inner)]));
}
