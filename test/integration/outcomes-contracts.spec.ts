import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ContractStore, readContract } from '#outcomes';
import { ManualClock } from '#platform';
import { openTestStores, type TestStores } from '../support/test-stores.js';
import { CONTRACT } from './outcomes-service.js';

const clock = new ManualClock('2026-11-02T12:00:00Z');
let stores: TestStores;
let contracts: ContractStore;
let count = 0;
let organizationId: string;

beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
beforeEach(async () => {
  contracts = new ContractStore(stores.postgres, clock);
  organizationId = `org${(count += 1)}`;
  await stores.postgres.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: clock.now() }).execute();
});

const apply = async (source: string) => (await contracts.apply(organizationId, source, 'support.yaml')).status;
const activate = (version = 1, id = 'support') => contracts.activate(organizationId, id, version);
const statuses = async () => (await contracts.list(organizationId)).map(({ id, version, status }) => `${id} ${version} ${status}`);
const version2 = CONTRACT.replace('version: 1', 'version: 2');
const customerName = async () => (await stores.postgres.selectFrom('customers').select('name').where('organizationId', '=', organizationId).executeTakeFirstOrThrow()).name;

describe('contracts', () => {
  it('are drafts that may change until they are activated', async () => {
    expect(await apply(CONTRACT)).toBe('draft');
    expect(await apply(CONTRACT)).toBe('draft');
    const cheaper = CONTRACT.replace('"1.80"', '"1.50"');
    expect(await apply(cheaper)).toBe('draft');
    expect(await contracts.list(organizationId)).toMatchObject([{ id: 'support', version: 1, customerId: 'acme', status: 'draft', source: cheaper, createdAt: clock.now(), activatedAt: null }]);
    expect(await contracts.active(organizationId)).toEqual([]);
    await activate();
    expect((await contracts.active(organizationId))[0]?.policies[0]?.prices.judged).toEqual({ kind: 'flat', unitMicros: 1_500_000n });
  });

  it('never change once they are active, by the store and by the database', async () => {
    await apply(CONTRACT);
    await activate();
    expect(await apply(CONTRACT)).toBe('active');
    await expect(apply(CONTRACT.replace('"1.80"', '"9.00"'))).rejects.toMatchObject({ kind: 'conflict', code: 'contract_version_immutable', message: expect.stringContaining('give the new text the next version') });
    const edit = (change: { source?: string; customerId?: string; status?: string }) => stores.postgres.updateTable('contracts').set(change).where('organizationId', '=', organizationId).execute();
    await expect(edit({ source: 'contract: nothing' })).rejects.toThrow('contract support version 1 is active: write a new version');
    await stores.postgres.insertInto('customers').values({ organizationId, id: 'other', name: 'Other', createdAt: clock.now() }).execute();
    await expect(edit({ customerId: 'other' })).rejects.toThrow('write a new version');
    await expect(edit({ status: 'draft' })).rejects.toThrow('write a new version');
    await expect(stores.postgres.deleteFrom('contracts').where('organizationId', '=', organizationId).execute()).rejects.toThrow('write a new version');
    expect(await contracts.list(organizationId)).toMatchObject([{ source: CONTRACT, customerId: 'acme' }]);
  });

  it('have one active version; the one before is retired and stays what it was', async () => {
    await apply(CONTRACT);
    await activate();
    const first = clock.now();
    clock.advance(1000);
    await apply(version2);
    await activate(2);
    await activate(2);
    expect(await statuses()).toEqual(['support 2 active', 'support 1 retired']);
    expect(await apply(CONTRACT)).toBe('retired');
    await expect(apply(CONTRACT.replace('"1.80"', '"9.00"'))).rejects.toMatchObject({ code: 'contract_version_immutable' });
    expect((await contracts.active(organizationId)).map(({ version }) => version)).toEqual([2]);
    expect((await contracts.versions(organizationId, [{ id: 'support', version: 1 }, { id: 'support', version: 9 }])).map(({ version }) => version)).toEqual([1]);
    // Going back keeps the time of the first activation.
    await activate(1);
    expect(await statuses()).toEqual(['support 2 retired', 'support 1 active']);
    expect((await contracts.list(organizationId)).find(({ version }) => version === 1)?.activatedAt).toEqual(first);
  });

  it('are compiled once for each text, however often they are read', async () => {
    await apply(CONTRACT);
    await activate();
    const [compiled] = await contracts.active(organizationId);
    expect(compiled).toBeDefined();
    const again = [...(await contracts.active(organizationId)), ...(await contracts.versions(organizationId, [{ id: 'support', version: 1 }])), (await contracts.read(organizationId, 'support', 1)).contract];
    expect(again.map((contract) => contract === compiled)).toEqual([true, true, true]);
  });

  const dated = (version: number, dates: string) => CONTRACT.replace('version: 1', `version: ${version}\n${dates}`);

  it('stand beside one another where one begins later, until going back retires the newer ones', async () => {
    for (const source of [CONTRACT, dated(2, 'effective_from: 2027-01-01'), dated(3, 'effective_from: 2027-01-01'), dated(4, 'effective_from: 2027-01-01\neffective_until: 2027-02-01')]) await apply(source);
    await activate(1);
    await activate(2);
    expect(await statuses()).toEqual(['support 4 draft', 'support 3 draft', 'support 2 active', 'support 1 active']);
    // The third says all that the second would have said; the fourth only for a month.
    await activate(3);
    await activate(4);
    expect(await statuses()).toEqual(['support 4 active', 'support 3 active', 'support 2 retired', 'support 1 active']);
    await activate(1);
    expect(await statuses()).toEqual(['support 4 retired', 'support 3 retired', 'support 2 retired', 'support 1 active']);
  });

  it('cannot be activated before they are applied; what was active stays so', async () => {
    await apply(CONTRACT);
    await activate();
    await expect(activate(7)).rejects.toMatchObject({ kind: 'not_found', code: 'contract_not_found' });
    await expect(activate(1, 'nothing')).rejects.toMatchObject({ code: 'contract_not_found' });
    expect(await statuses()).toEqual(['support 1 active']);
  });

  it('cannot be active together for the same customer, agent and time', async () => {
    await apply(CONTRACT);
    await activate();
    await apply(CONTRACT.replace('contract: support', 'contract: second'));
    await expect(activate(1, 'second')).rejects.toMatchObject({ kind: 'conflict', code: 'contract_overlaps', message: expect.stringContaining('Contract support version 1 is active') });
    await apply(CONTRACT.replace('contract: support', 'contract: sales').replace('[support]', '[sales]'));
    await activate(1, 'sales');
    expect(await statuses()).toEqual(['sales 1 active', 'second 1 draft', 'support 1 active']);
  });

  it('cannot be activated together either', async () => {
    const ids = Array.from({ length: 5 }, (_, index) => `c${index}`);
    for (const id of ids) await apply(CONTRACT.replace('contract: support', `contract: ${id}`));
    const results = await Promise.allSettled(ids.map((id) => activate(1, id)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await statuses()).filter((status) => status.endsWith('active'))).toHaveLength(1);
  });

  it('are not activated with a text that was put there while another was looked at', async () => {
    await apply(CONTRACT);
    await activate();
    await apply(version2);
    const source = version2.replace(/time_zone: .*/, 'time_zone: Asia/Tokyo');
    const { sourceSha256 } = readContract(source, 'moved.yaml');
    let activation: Promise<unknown> = Promise.resolve();
    await stores.postgres.transaction().execute(async (tx) => {
      await tx.updateTable('contracts').set({ source, sourceSha256 }).where('organizationId', '=', organizationId).where('version', '=', 2).execute();
      activation = activate(2).then(() => 'active', (error: unknown) => error);
      await setTimeout(300);
    });
    expect(await activation).toMatchObject({ code: 'customer_time_zone_differs' });
    expect(await statuses()).toEqual(['support 2 draft', 'support 1 active']);
  });

  it('bill a customer by one calendar', async () => {
    await apply(CONTRACT);
    await activate();
    await apply(version2.replace(/time_zone: .*/, 'time_zone: Asia/Tokyo'));
    await expect(activate(2)).rejects.toMatchObject({ kind: 'conflict', code: 'customer_time_zone_differs', message: expect.stringContaining('give it the same time_zone') });
    expect(await statuses()).toEqual(['support 2 draft', 'support 1 active']);
  });

  it('cannot be turned into the contract of another customer', async () => {
    await apply(CONTRACT);
    await expect(apply(version2.replace('id: acme', 'id: other'))).rejects.toMatchObject({ kind: 'conflict', code: 'contract_of_other_customer' });
    expect(await stores.postgres.selectFrom('customers').select('id').where('organizationId', '=', organizationId).execute()).toEqual([{ id: 'acme' }]);
  });

  it('name the customer from their activation on', async () => {
    await apply(CONTRACT);
    await activate();
    await apply(version2.replace('name: Acme', 'name: Acme Inc.'));
    expect(await customerName()).toBe('Acme');
    await activate(2);
    expect(await customerName()).toBe('Acme Inc.');
  });

  it('are told apart by organization', async () => {
    await apply(CONTRACT);
    await activate();
    const other = `${organizationId}-other`;
    await stores.postgres.insertInto('organizations').values({ id: other, name: other, createdAt: clock.now() }).execute();
    expect(await contracts.list(other)).toEqual([]);
    expect(await contracts.active(other)).toEqual([]);
    await expect(contracts.activate(other, 'support', 1)).rejects.toMatchObject({ code: 'contract_not_found' });
    await contracts.apply(other, CONTRACT, 'support.yaml');
    await contracts.activate(other, 'support', 1);
    expect(await contracts.active(other)).toHaveLength(1);
  });

  it('are not stored when they are wrong', async () => {
    await expect(apply(CONTRACT.replace('turns > 0', 'turn > 0'))).rejects.toMatchObject({ code: 'invalid_contract', message: expect.stringContaining('support.yaml:18:5: policies.1.when names "turn"') });
    expect(await contracts.list(organizationId)).toEqual([]);
  });
});
