import { describe, expect, it } from '@jest/globals';
import { contractFor, isInForce, overlap } from './contract-for.js';
import { contractWith } from './testing/contracts.js';

const at = new Date('2026-06-01T12:00:00Z');
const dated = (id: string, from: string, until: string) => contractWith(['contract: support', `contract: ${id}`], ['version: 1', `version: 1\neffective_from: ${from}\neffective_until: ${until}`]);
const forAgents = (...agents: string[]) => contractWith(['[support]', JSON.stringify(agents)]);
const facts = { customer: 'acme', agent: 'support' };

describe('contractFor', () => {
  it('needs the customer and the agent', () => {
    const contracts = [contractWith()];
    expect(contractFor(facts, at, undefined, { contracts, retired: [] })).toBe(contracts[0]);
    expect(contractFor({ ...facts, customer: 'other' }, at, undefined, { contracts, retired: [] })).toBeUndefined();
    expect(contractFor({ ...facts, customer: '' }, at, undefined, { contracts, retired: [] })).toBeUndefined();
    expect(contractFor({ ...facts, agent: 'sales' }, at, undefined, { contracts, retired: [] })).toBeUndefined();
  });

  it('knows an agent by the beginning of its name', () => {
    const contracts = [forAgents('tau*')];
    expect(contractFor({ ...facts, agent: 'tau2-airline' }, at, undefined, { contracts, retired: [] })).toBe(contracts[0]);
    expect(contractFor({ ...facts, agent: 'ta' }, at, undefined, { contracts, retired: [] })).toBeUndefined();
    expect(contractFor({ ...facts, agent: '' }, at, undefined, { contracts: [forAgents('*')], retired: [] })).toBeDefined();
  });

  it('takes the one that is in force, and one that is not where there is no other', () => {
    const [past, current] = [dated('old', '2025-01-01', '2026-01-01'), dated('new', '2026-01-01', '2027-01-01')];
    expect(contractFor(facts, at, undefined, { contracts: [past, current], retired: [] })).toBe(current);
    expect(contractFor(facts, at, undefined, { contracts: [past], retired: [] })).toBe(past);
  });

  it('takes the newest version that is in force on the day', () => {
    const [first, second, third] = [contractWith(), contractWith(['version: 1', 'version: 2\neffective_from: 2026-06-01']), contractWith(['version: 1', 'version: 3\neffective_from: 2026-07-01'])];
    const on = (day: string) => contractFor(facts, new Date(`${day}T12:00:00Z`), undefined, { contracts: [first, second, third], retired: [] });
    expect([on('2026-05-31'), on('2026-06-01'), on('2026-06-30'), on('2026-07-01')]).toEqual([first, second, second, third]);
  });

  it('keeps to the version that decided first, also when it is retired, while it still covers the episode', () => {
    const [first, second] = [contractWith(), contractWith(['version: 1', 'version: 2'])];
    const standing = { contractId: 'support', contractVersion: 1 };
    expect(contractFor(facts, at, standing, { contracts: [second], retired: [first] })).toBe(first);
    expect(contractFor(facts, at, standing, { contracts: [second], retired: [] })).toBe(second);
    expect(contractFor({ ...facts, customer: 'other' }, at, standing, { contracts: [second], retired: [first] })).toBeUndefined();
  });
});

describe('isInForce', () => {
  // New York is five hours behind UTC in winter: its new year begins at 05:00Z.
  it('counts days in the time zone of the contract, the last one excluded', () => {
    const contract = dated('c', '2026-01-01', '2027-01-01');
    expect(isInForce(contract, new Date('2026-01-01T04:59:59.999Z'))).toBe(false);
    expect(isInForce(contract, new Date('2026-01-01T05:00:00Z'))).toBe(true);
    expect(isInForce(contract, new Date('2027-01-01T04:59:59.999Z'))).toBe(true);
    expect(isInForce(contract, new Date('2027-01-01T05:00:00Z'))).toBe(false);
    expect(isInForce(contractWith(), at)).toBe(true);
  });
});

describe('overlap', () => {
  it.each([
    [['a'], ['b'], false],
    [['a', 'b'], ['b'], true],
    [['a*'], ['abc'], true],
    [['abc'], ['a*'], true],
    [['a*'], ['ab*'], true],
    [['ab*'], ['ac*'], false],
    [['a'], ['ab*'], false],
  ])('of agents %j and %j: %j', (a, b, expected) => {
    expect(overlap(forAgents(...a), forAgents(...b))).toBe(expected);
    expect(overlap(forAgents(...b), forAgents(...a))).toBe(expected);
  });

  it('is of one customer and one time', () => {
    expect(overlap(dated('a', '2025-01-01', '2026-01-01'), dated('b', '2026-01-01', '2027-01-01'))).toBe(false);
    expect(overlap(dated('a', '2025-01-01', '2026-01-02'), dated('b', '2026-01-01', '2027-01-01'))).toBe(true);
    expect(overlap(contractWith(), dated('b', '2026-01-01', '2027-01-01'))).toBe(true);
    expect(overlap(contractWith(), contractWith(['id: acme', 'id: other']))).toBe(false);
  });
});
