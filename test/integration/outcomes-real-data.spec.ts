import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTrajectories, toExportBatches } from '#evals';
import { ReplayService, ReplayStore, readContract } from '#outcomes';
import { ManualClock, projectRoot } from '#platform';
import { bookNothing, startOutcomesService, type OutcomesService } from './outcomes-service.js';

/*
 * Two versions of a contract over recorded conversations that nobody here wrote. The figures follow from the files' own rewards (SOURCES.md
 * beside them): 10 and 13 of 20, 18 and 30 of 40 conversations succeeded; how many of them called a person is counted here, in the files.
 */

const DATA = join(projectRoot(), '..', 'shared', 'data');
const FILES = ['tau2-airline-base', 'tau2-airline-candidate', 'tau2-telecom-base', 'tau2-telecom-candidate'].map((name) => ({ name, path: join(DATA, `${name}.json`) }));
const isThere = FILES.every(({ path }) => existsSync(path));
if (!isThere) console.warn(`The recorded conversations are not in ${DATA}: the replay over real data is not run.`);

interface Simulation {
  id: string;
  reward_info: { reward: number } | null;
  messages: { tool_calls?: { name: string; requestor?: string }[] | null }[];
}

const isSuccess = ({ reward_info: info }: Simulation) => info !== null && Math.abs(info.reward - 1) <= 1e-6;
const isHandedOver = ({ messages }: Simulation) => messages.some(({ tool_calls: calls }) => (calls ?? []).some(({ name }) => name === 'transfer_to_human_agents'));
const count = (some: readonly Simulation[], is: (simulation: Simulation) => boolean) => some.filter(is).length;

(isThere ? describe : describe.skip)('a replay over recorded conversations', () => {
  const clock = new ManualClock('2026-11-02T12:00:00Z');
  const draft = readFileSync(join(projectRoot(), 'examples', 'contracts', 'tau.yaml'), 'utf8');
  // Pays for hand-offs too, and for what failed a tenth of the price.
  const second = draft.replace('version: 1', 'version: 2').replace(/exclusions:\n(?: {2}.*\n)+/, '').trimEnd().concat('\n  - outcome: attempted\n    title: An attempt\n    when: turns >= 1\n    grade: inferred\n    price: "0.10"\n');
  const simulations = new Map<string, Simulation[]>();
  let service: OutcomesService;

  beforeAll(async () => {
    service = await startOutcomesService(clock);
    for (const { name, path } of FILES) {
      const text = readFileSync(path, 'utf8');
      simulations.set(name, (JSON.parse(text) as { simulations: Simulation[] }).simulations);
      const file = readTrajectories({ format: 'tau2', name: `${name}.json`, text });
      await service.addOrganization(name);
      await service.contracts.apply(name, draft, 'tau.yaml');
      await service.contracts.activate(name, 'tau-bench', 1);
      for (const { request } of toExportBatches(file, { variant: name, customerId: 'tau-bench', model: 'gpt-4.1' })) await service.sendRequest(name, request);
      await service.decider().run(name, bookNothing);
    }
  }, 240_000);
  afterAll(() => service.close());

  const replayOf = async (organizationId: string) => {
    const service_ = new ReplayService(clock, service.traces, service.contracts, new ReplayStore(service.stores.postgres, clock));
    const steps = service_.run(organizationId, { draft: readContract(second, 'draft'), against: undefined, window: { from: new Date('2025-01-01'), to: new Date('2026-12-01') }, sampleSize: 5, requestedBy: 'test' });
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return step.value.result;
    }
  };

  it.each(FILES)('$name: outcomes and money are those that its rewards and hand-offs make', async ({ name }) => {
    const all = simulations.get(name) ?? [];
    const [before, after] = [count(all, (one) => isSuccess(one) && !isHandedOver(one)), count(all, isSuccess)];
    const { outcomes, money, conversations, flips } = await replayOf(name);
    const rest = all.length - after;
    expect(conversations).toBe(all.length);
    const of = (outcome: string) => outcomes.filter((shift) => shift.outcome === outcome && shift.isBillable).map(({ base, draft: drafted }) => [base, drafted])[0] ?? [0, 0];
    expect([of('resolved'), of('attempted')]).toEqual([[before, after], [0, rest]]);
    expect(money).toMatchObject({ base: { total: (before * 0.99).toFixed(2) }, draft: { total: (after * 0.99 + rest * 0.1).toFixed(2) } });
    expect(flips.count).toBe(after - before + rest);
    console.info(`${name}: ${before} -> ${after} resolved, ${rest} attempts; ${money.base.total} -> ${money.draft.total} USD, difference ${money.difference}; ${flips.count} of ${conversations} flip`);
  });

  it('knows the successes that the sources name', () => {
    expect(FILES.map(({ name }) => count(simulations.get(name) ?? [], isSuccess))).toEqual([10, 13, 18, 30]);
  });
});
