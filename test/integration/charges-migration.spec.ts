import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { OutboxStore, ReconciliationStore, StatementReader, StatementStore } from '#billing';
import { ProjectionStore } from '#ledger';
import { ManualClock, migratePostgres, openPostgres, projectRoot, sha256Hex, startEmbeddedPostgres, type Database, type EmbeddedPostgres } from '#platform';

const FILES = readdirSync(join(projectRoot(), 'migrations', 'postgres')).sort();
const BEFORE = FILES.filter((name) => name < '0013');

let server: EmbeddedPostgres;
let db: Database;
let directory: string;

/** A database as it was before charges: outcomes of two months, one of which was taken back in the second. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'astrolabe-migration-'));
  server = await startEmbeddedPostgres(join(directory, 'postgres'));
  db = openPostgres(server.connection);
  await sql`CREATE TABLE schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  for (const name of BEFORE) {
    const text = readFileSync(join(projectRoot(), 'migrations', 'postgres', name), 'utf8');
    await sql.raw(text).execute(db);
    await sql`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256Hex(text)})`.execute(db);
  }
  const at = '2026-10-01T00:00:00Z';
  await sql`INSERT INTO organizations (id, name, created_at) VALUES ('acme', 'Acme', ${at})`.execute(db);
  await sql`INSERT INTO customers (organization_id, id, name, created_at) VALUES ('acme', 'northwind', 'Northwind', ${at})`.execute(db);
  const source = 'contract: support\nversion: 1\ntime_zone: "Europe/Berlin"\n';
  await sql`INSERT INTO contracts (organization_id, id, version, customer_id, status, source, source_sha256, created_at, activated_at) VALUES ('acme', 'support', 1, 'northwind', 'active', ${source}, 'x', ${at}, ${at})`.execute(db);
  const book = async (id: string, kind: string, reverses: string | null, amount: number, bookedAt: string, period: [string, string], revision = 1) => {
    const conversation = reverses ?? id;
    await sql`INSERT INTO outcome_decisions (id, organization_id, conversation_id, episode, revision, contract_id, contract_version, customer_id, agent, variant, locale, channel, outcome, is_billable, reason, grade, amount_micros, currency, facts, facts_sha256, explanation, evidence, model_cost_usd, cost_unknown_spans, episode_started_at, episode_ended_at, decided_at, supersedes, is_test_traffic)
      VALUES (${`d-${id}`}, 'acme', ${conversation}, 1, ${revision}, 'support', 1, 'northwind', 'a', '', '', '', 'resolved', ${kind === 'outcome'}, 'policy_held', 'judged', ${kind === 'outcome' ? amount : 0}, 'USD', '{}', '', '[]', '{}', 0, 0, ${bookedAt}, ${bookedAt}, ${bookedAt}, ${reverses === null ? null : `d-${reverses}`}, false)`.execute(db);
    await sql`INSERT INTO postings (id, organization_id, customer_id, kind, decision_id, reverses, outcome, grade, period_start, period_end, booked_at)
      VALUES (${`p-${id}`}, 'acme', 'northwind', ${kind}, ${`d-${id}`}, ${reverses === null ? null : `p-${reverses}`}, 'resolved', 'judged', ${period[0]}, ${period[1]}, ${bookedAt})`.execute(db);
    await sql`INSERT INTO entries (posting_id, line, account, currency, amount_micros) VALUES (${`p-${id}`}, 1, 'receivable:northwind', 'USD', ${amount}), (${`p-${id}`}, 2, 'revenue:resolved', 'USD', ${-amount})`.execute(db);
  };
  const [october, november] = [['2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z'], ['2026-10-31T23:00:00Z', '2026-11-30T23:00:00Z']] as [[string, string], [string, string]];
  await book('a', 'outcome', null, 990_000, '2026-10-10T00:00:00Z', october);
  await book('b', 'outcome', null, 500_000, '2026-10-11T00:00:00Z', october);
  await book('c', 'outcome', null, 990_000, '2026-11-10T00:00:00Z', november);
  await book('a-back', 'reversal', 'a', -990_000, '2026-11-11T00:00:00Z', november, 2);
  expect(await migratePostgres(db)).toEqual(FILES.filter((name) => name >= '0013'));
}, 120_000);
afterAll(async () => {
  await db.destroy();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('books from before there were charges', () => {
  const clock = new ManualClock('2026-11-20T00:00:00Z');
  const projections = new ProjectionStore();
  const statements = () => new StatementReader(new StatementStore(db), projections, new ReconciliationStore(db, new OutboxStore(db)), clock);

  it('have the sums that their entries add up to', async () => {
    expect(await projections.differences(db, { organizationId: 'acme' })).toEqual([]);
    expect(await projections.balances(db, { organizationId: 'acme' })).toEqual([
      { account: 'receivable:northwind', currency: 'USD', amountMicros: 1_490_000n },
      { account: 'revenue:resolved', currency: 'USD', amountMicros: -1_490_000n },
    ]);
  });

  it('give the statements that they gave, with what was taken back as a correction of its month', async () => {
    const charge = { grade: 'judged', pricing: null, adjustedMicros: 0n };
    expect(await statements().read('acme', 'northwind', '2026-10')).toMatchObject({ totalMicros: 1_490_000n, period: { timeZone: 'Europe/Berlin' }, lines: [{ outcomes: 2, reversals: 0, corrects: null, charges: [{ ...charge, quantityMicros: 2_000_000n }] }] });
    expect(await statements().read('acme', 'northwind', '2026-11')).toMatchObject({
      totalMicros: 0n,
      lines: [
        { outcomes: 1, reversals: 0, corrects: null, charges: [{ ...charge, amountMicros: 990_000n }] },
        { outcomes: 0, reversals: 1, corrects: { label: '2026-10' }, charges: [{ ...charge, amountMicros: -990_000n }] },
      ],
    });
  });

  it('still refuse to be changed', async () => {
    await expect(sql`UPDATE postings SET quantity_micros = 1`.execute(db)).rejects.toThrow();
    await expect(sql`DELETE FROM charges`.execute(db)).rejects.toThrow();
  });
});
