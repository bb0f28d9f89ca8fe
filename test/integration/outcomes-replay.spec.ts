import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, createLogger, listen, ManualClock, PlatformModule, ProblemFilter, type Config } from '#platform';
import { OutcomesApiModule } from '../../apps/api/src/outcomes/outcomes-api.module.js';
import { run } from '../../apps/cli/src/run.js';
import { bookNothing, CONTRACT, handoff, refund, signal, startOutcomesService, type OutcomesService, type SentTurn } from './outcomes-service.js';

/*
 * A draft over a past window, through the CLI and REST, on real stores. Seven conversations of acme end in October and one in November:
 *
 *   silent-1..3  nothing but a turn      active: resolved, inferred, 0.40    draft: the same, 0.50
 *   confirmed    a yes                   active: resolved, confirmed, 0.99   draft: the same
 *   refunded     a refund                active: refunded, 1.80              draft: the same
 *   handed       a refund, a hand-off    active: handed_over                 draft: refunded, 1.80 (no exclusion)
 *   rated        a rating of 2           active: resolved, inferred, 0.40    draft: negative_rating
 */

const clock = new ManualClock('2026-11-10T12:00:00Z');
const DRAFT = CONTRACT.replace('version: 1', 'version: 2\neffective_from: 2027-01-01').replace('  - { reason: handed_over, when: handed_off }', '  - negative_rating').replace('"0.40"', '"0.50"');
const OCTOBER = ['--from', '2026-10-01', '--to', '2026-11-01'];

let service: OutcomesService;
let app: NestFastifyApplication;
let url: string;
let folder: string;
const operator = ApiKeys.newSecret();
const stranger = ApiKeys.newSecret();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'astrolabe-replay-'));
  service = await startOutcomesService(clock);
  const { stores } = service;
  const logger = createLogger('silent', 'test');
  class TestModule {}
  const config: Config = { ...stores.config, ACTIVATION_NEEDS_SIGN_OFF: true };
  app = await NestFactory.create<NestFastifyApplication>({ module: TestModule, imports: [PlatformModule.with({ config, stores, clock, logger }), OutcomesApiModule] }, new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new ProblemFilter(logger));
  url = await listen(app, '127.0.0.1', 0);
  const keys = app.get(ApiKeys);
  await keys.ensure('vendor', 'operator', operator, ['operate', 'read']);
  await keys.ensure('rival', 'all', stranger, ['admin']);

  await service.contracts.apply('vendor', CONTRACT, 'support.yaml');
  await service.contracts.activate('vendor', 'support', 1);
  const turn = (conversationId: string, given: Partial<SentTurn> = {}, at = '2026-10-05T12:00:00Z'): SentTurn => ({ conversationId, turn: '1', at, ...given });
  const silent = ['silent-1', 'silent-2', 'silent-3'].map((id) => turn(id));
  await service.send('vendor', ...silent, turn('confirmed', { events: [signal('customer_confirmed', 'customer')] }), turn('refunded', { events: refund }), turn('handed', { events: [...refund, ...handoff] }));
  await service.send('vendor', turn('rated', { events: [signal('csat', 'customer', '2')] }, '2026-10-31T23:59:00Z'), turn('november', {}, '2026-11-01T00:00:00Z'), turn('other', { customer: 'umbrella' }), turn('elsewhere', { agent: 'sales' }));
  await service.send('rival', turn('theirs', { events: refund }));
});
afterAll(async () => {
  await app.close();
  await service.close();
  rmSync(folder, { recursive: true });
});

async function astrolabe(argv: string[], key = operator) {
  const said = { out: '', err: '' };
  const code = await run(['contracts', ...argv], { stdout: { write: (text) => (said.out += text) }, stderr: { write: (text) => (said.err += text) }, env: { ASTROLABE_URL: url, ASTROLABE_API_KEY: key } });
  return { code, ...said };
}

const file = (source: string) => {
  const path = join(folder, 'draft.yaml');
  writeFileSync(path, source);
  return path;
};

describe('a replay of a draft', () => {
  it('says what would differ: outcomes by kind, money, and the conversations that flip, with why', async () => {
    const { code, out, err } = await astrolabe(['replay', file(DRAFT), ...OCTOBER, '--json']);
    expect([code, err]).toEqual([0, '']);
    const replay = JSON.parse(out) as { result: { flips: { sample: { conversationId: string }[] } } };
    expect(replay).toMatchObject({ contract: { id: 'support', version: 2 }, against: [{ id: 'support', version: 1 }], window: { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' }, warnings: [] });
    expect(replay.result).toMatchObject({
      conversations: 7,
      outcomes: [
        { outcome: 'refunded', grade: 'system_verified', isBillable: true, base: 1, draft: 2 },
        { outcome: 'resolved', grade: 'customer_confirmed', isBillable: true, base: 1, draft: 1 },
        { outcome: 'resolved', grade: 'inferred', isBillable: true, base: 4, draft: 3 },
        { outcome: 'none', isBillable: false, reason: 'handed_over', base: 1, draft: 0 },
        { outcome: 'none', isBillable: false, reason: 'negative_rating', base: 0, draft: 1 },
      ],
      // 1.80 + 0.99 + 4 * 0.40 and 2 * 1.80 + 0.99 + 3 * 0.50
      money: { base: { currency: 'USD', total: '4.39', months: [{ month: '2026-10', count: 6, total: '4.39' }] }, draft: { total: '6.09' }, difference: '1.70' },
      flips: { count: 5 },
      confidence: { baseOnly: 1, draftOnly: 1, pValue: 1 },
    });
    // Differences 0.1 three times, 1.8, -0.4 and twice 0: a mean of 1.7/7, and a standard deviation of 0.70677 by hand.
    const { perConversation } = (replay.result as unknown as { confidence: { perConversation: { difference: number; low: number; high: number } } }).confidence;
    expect(perConversation.difference).toBeCloseTo(1.7 / 7, 12);
    const deviation = Math.sqrt([0.1, 0.1, 0.1, 1.8, -0.4, 0, 0].reduce((sum, value) => sum + (value - 1.7 / 7) ** 2, 0) / 6);
    expect(perConversation.high - perConversation.difference).toBeCloseTo((1.959964 * deviation) / Math.sqrt(7), 5);
    expect(replay.result.flips.sample.map(({ conversationId }) => conversationId).toSorted()).toEqual(['handed', 'rated', 'silent-1', 'silent-2', 'silent-3']);
    expect(replay.result.flips.sample.find(({ conversationId }) => conversationId === 'rated')).toMatchObject({
      base: { amount: '0.40', outcomes: [{ outcome: 'resolved', isBillable: true }] },
      draft: { amount: '0.00', outcomes: [{ isBillable: false, reason: 'negative_rating', explanation: [{ at: 'exclusions.0.when', held: true }] }] },
    });
  });

  it('is told to people', async () => {
    const { out } = await astrolabe(['replay', file(DRAFT), ...OCTOBER, '--sample', '1']);
    expect(out).toContain('support@2 beside support@1');
    expect(out).toMatch(/billed: resolved, inferred +4 +3/);
    expect(out).toMatch(/not billed: negative_rating +0 +1/);
    expect(out).toContain('difference 1.70 USD');
    expect(out).toContain('5 conversations flip, of which 1:');
  });

  it('touches nothing', async () => {
    const decisions = () => service.stores.postgres.selectFrom('outcomeDecisions').select('id').execute();
    expect(await decisions()).toEqual([]);
    expect((await service.contracts.list('vendor')).map(({ version, status }) => [version, status])).toEqual([[1, 'active']]);
    // And the job goes on as it would have.
    expect(await service.decider().run('vendor', bookNothing)).toBe(10);
    expect((await astrolabe(['replay', file(DRAFT), ...OCTOBER])).out).toContain('difference 1.70 USD');
  });

  it('compares with any version, prices by period, and says what the window cannot tell', async () => {
    const tiers = CONTRACT.replace('version: 1', 'version: 3').replace('"0.40"', '{ graduated: [{ up_to: 2, unit: 1 }, { unit: 0.25 }] }').replace('quiet_window: 1h', 'quiet_window: 1h\nminimum: 10');
    await service.contracts.apply('vendor', DRAFT, 'support.yaml');
    // 1.80 + 0.99 + (2 * 1 + 2 * 0.25) = 5.29, and 4.71 to the minimum. In New York the window begins and ends in the middle of days.
    const { out } = await astrolabe(['replay', file(tiers), '--against', 'support@2', ...OCTOBER, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      against: [{ id: 'support', version: 2 }],
      result: { money: { draft: { total: '10.00', months: [{ month: '2026-10', outcomes: '5.29', topUp: '4.71', cap: '0.00' }] }, base: { total: '6.09' } } },
      warnings: [expect.stringContaining('cuts through a month')],
    });
    const whole = await astrolabe(['replay', file(tiers), '--from', '2026-10-01T04:00:00Z', '--to', '2026-11-01T04:00:00Z', '--json']);
    expect(JSON.parse(whole.out)).toMatchObject({ warnings: [] });
  });

  it('bills the minimum in a month in which nothing was billable', async () => {
    const strict = CONTRACT.replace('version: 1', 'version: 3').replace('quiet_window: 1h', 'quiet_window: 1h\nminimum: 10').replaceAll(/^ +when: .*/gm, '    when: turns > 99');
    const { out } = await astrolabe(['replay', file(strict), ...OCTOBER, '--json']);
    expect(JSON.parse(out)).toMatchObject({ result: { money: { draft: { total: '10.00', months: [{ month: '2026-10', count: 0, outcomes: '0.00', topUp: '10.00' }] } } } });
  });

  it('says on what days the active version covers nothing, or bills nothing', async () => {
    const partly = CONTRACT.replace('version: 1', 'version: 1\neffective_from: 2026-10-03\neffective_until: 2026-10-31\npilot: { until: 2026-10-10 }');
    await service.contracts.apply('rival', partly, 'support.yaml');
    await service.contracts.activate('rival', 'support', 1);
    const { out } = await astrolabe(['replay', file(DRAFT), ...OCTOBER, '--json'], stranger);
    expect(JSON.parse(out)).toMatchObject({
      against: [{ id: 'support', version: 1 }],
      warnings: [
        'support@1 covers nothing before 2026-10-03: until then all that the draft bills is new',
        'support@1 covers nothing from 2026-10-31 on: from then all that the draft bills is new',
        'support@1 is free until 2026-10-10, and the draft is counted as if it were not',
      ],
    });
    // A version that is named is asked about all days, as the draft is.
    expect(JSON.parse((await astrolabe(['replay', file(DRAFT), '--against', 'support@1', ...OCTOBER, '--json'], stranger)).out)).toMatchObject({ warnings: [] });
  });

  it('of nothing is nothing', async () => {
    const { out } = await astrolabe(['replay', file(DRAFT), '--from', '2020-01-01', '--to', '2020-02-01', '--json']);
    expect(JSON.parse(out)).toMatchObject({ result: { conversations: 0, outcomes: [], money: { difference: '0.00' }, flips: { count: 0 }, confidence: { perConversation: null, pValue: 1 } } });
  });

  it.each([
    [['replay', 'support@9', ...OCTOBER], 'There is no version 9 of contract support'],
    [['replay', 'support', ...OCTOBER], '"support" names no version'],
    [['replay', 'support@1', '--from', '2026-11-01', '--to', '2026-10-01'], 'The window must begin before it ends'],
    [['replay', 'support@1', '--from', 'yesterday', '--to', '2026-10-01'], '--from "yesterday" is no time'],
  ])('%j: %s', async (argv, problem) => {
    const { code, err } = await astrolabe(argv);
    expect(code).not.toBe(0);
    expect(err).toContain(problem);
  });
});

describe('a sign-off', () => {
  const activate = () => astrolabe(['activate', 'support@2']);

  it('is needed to activate, where the service says so, and is of the text as it was replayed', async () => {
    const edited = DRAFT.replace('"0.50"', '"0.45"');
    await service.contracts.apply('vendor', DRAFT, 'support.yaml');
    expect((await activate()).err).toContain('Nobody has signed off a replay of contract support version 2');
    const { id } = JSON.parse((await astrolabe(['replay', 'support@2', ...OCTOBER, '--json'])).out) as { id: string };
    expect((await activate()).code).not.toBe(0);
    expect(await astrolabe(['sign-off', id, '--note', 'Five flips read; the hand-off is not right'], stranger)).toMatchObject({ err: expect.stringContaining(`There is no replay ${id}`) });
    const signed = await astrolabe(['sign-off', id, '--note', 'Five flips read', '--json']);
    expect(JSON.parse(signed.out)).toMatchObject({ id, signOffs: [{ note: 'Five flips read', signedAt: '2026-11-10T12:00:00.000Z' }] });
    // The draft was changed after it was replayed.
    await service.contracts.apply('vendor', edited, 'support.yaml');
    expect((await activate()).code).not.toBe(0);
    await service.contracts.apply('vendor', DRAFT, 'support.yaml');
    expect(await activate()).toMatchObject({ code: 0, out: 'support version 2 is active\n' });
  });

  it('and replays never change', async () => {
    const { postgres } = service.stores;
    await expect(postgres.deleteFrom('replaySignOffs').execute()).rejects.toThrow();
    await expect(postgres.updateTable('contractReplays').set({ sourceSha256: '' }).execute()).rejects.toThrow();
  });
});

describe('a contract in the shadow', () => {
  const MINUTE = 60_000;
  const report = async () => JSON.parse((await astrolabe(['shadow-report', 'shadowed@2', '--from', '2026-12-01', '--to', '2027-01-01', '--json'])).out) as unknown;
  const december = (conversationId: string, given: Partial<SentTurn> = {}): SentTurn => ({ conversationId, turn: '1', at: '2026-12-01T12:00:00Z', customer: 'initech', ...given });

  it('decides what comes in beside the active one, bills nothing, and follows what is revised', async () => {
    const named = (source: string) => source.replace('contract: support', 'contract: shadowed').replace('id: acme', 'id: initech');
    await service.contracts.apply('vendor', named(CONTRACT), 'shadowed.yaml');
    await service.contracts.activate('vendor', 'shadowed', 1);
    await service.contracts.apply('vendor', named(DRAFT), 'shadowed.yaml');
    expect((await astrolabe(['shadow', 'shadowed@9'])).err).toContain('There is no version 9 of contract shadowed');
    expect((await astrolabe(['shadow', 'shadowed@2'])).out).toContain('decides in the shadow since 2026-11-10T12:00:00.000Z');

    clock.advance(Date.parse('2026-12-01T14:00:00Z') - clock.now().getTime());
    await service.send('vendor', december('d-silent'), december('d-rated', { events: [signal('csat', 'customer', '2')] }), december('d-handed', { events: [...refund, ...handoff] }), december('d-other', { customer: 'acme' }));
    const booked: string[] = [];
    await service.decider().run('vendor', async (_tx, changes) => void booked.push(...changes.map(({ decision }) => `${decision.conversationId} ${decision.contractVersion} ${decision.amountMicros}`)));
    expect(booked.toSorted()).toEqual(['d-handed 1 0', 'd-other 1 400000', 'd-rated 1 400000', 'd-silent 1 400000']);
    // The same figures as a replay, from what was decided on the way. What is another customer's is none of its business.
    expect(await report()).toMatchObject({
      conversations: 3,
      money: { base: { total: '0.80' }, draft: { total: '2.30' }, difference: '1.50' },
      flips: { count: 3 },
      confidence: { baseOnly: 1, draftOnly: 1 },
    });

    clock.advance(MINUTE);
    await service.send('vendor', december('d-silent', { turn: '1', part: 'late tool call' }), december('d-silent', { turn: '2', at: '2026-12-01T12:30:00Z', events: [signal('customer_confirmed', 'customer')] }));
    await service.decider().run('vendor', bookNothing);
    expect(await report()).toMatchObject({ conversations: 3, money: { base: { total: '1.39' }, draft: { total: '2.79' } } });

    expect((await astrolabe(['shadow', 'shadowed@2', '--stop'])).out).toContain('no longer decides');
    await service.send('vendor', december('d-late'));
    await service.decider().run('vendor', bookNothing);
    expect(await report()).toMatchObject({ conversations: 3 });
  });

  it('that was changed since says nothing of what it decided before', async () => {
    await service.contracts.apply('vendor', DRAFT.replace('contract: support', 'contract: shadowed').replace('id: acme', 'id: initech').replace('"0.50"', '"0.55"'), 'shadowed.yaml');
    expect(await report()).toMatchObject({ conversations: 0 });
  });
});
