import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ManualClock, canonicalJson, sha256Hex } from '#platform';
import { ContentErasures, TelemetrySettingsService } from '#traces';
import { CONTRACT, bookNothing, startOutcomesService, type OutcomesService } from './outcomes-service.js';

const clock = new ManualClock('2026-11-02T12:00:00.000Z');
let service: OutcomesService;

beforeAll(async () => {
  service = await startOutcomesService(clock);
});
afterAll(() => service.close());

const nanos = (ms: number) => String(BigInt(clock.now().getTime() + ms) * 1_000_000n);
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

it('an erasure of what was said leaves the decisions, and every hash of the evidence, as they were', async () => {
  const { postgres, clickhouse } = service.stores;
  await service.addOrganization('org');
  await new TelemetrySettingsService(postgres, clickhouse, clock).write('org', { keepsContent: true, contentBytesMax: 1000, redactPatterns: [], redactKeys: [], contentRetentionDays: 0, spanRetentionDays: 0 });
  const { contract } = await service.contracts.apply('org', CONTRACT, 'support.yaml');
  await service.contracts.activate('org', contract.id, contract.version);
  const attributes = [
    attribute('gen_ai.conversation.id', 'c-1'),
    attribute('gen_ai.operation.name', 'invoke_agent'),
    attribute('gen_ai.agent.name', 'support'),
    attribute('astrolabe.customer.id', 'acme'),
    attribute('user.id', 'u-1'),
    attribute('gen_ai.input.messages', 'where is my refund?'),
  ];
  const refund = { name: 'astrolabe.signal', timeUnixNano: nanos(500), attributes: [attribute('astrolabe.signal.name', 'refund'), attribute('astrolabe.signal.source', 'system')] };
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name: 'turn', startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(1000), attributes, events: [refund] };
  await service.sendRequest('org', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  clock.advance(2 * 3_600_000);
  expect(await service.decider().run('org', bookNothing)).toBe(1);

  // All that a decision rests on: the decision with its facts, and the spans and signals it was made from.
  const evidence = async () => {
    const decisions = await service.decisions.historyOf('org', 'c-1');
    const rows = await service.traces.rowsOf('org', ['c-1']);
    return { decisions, hash: sha256Hex(canonicalJson([decisions, [...rows]])) };
  };
  const before = await evidence();
  expect(before.decisions).toEqual([expect.objectContaining({ outcome: 'refunded', isBillable: true })]);
  expect(await service.traces.contentsOf('org', 'c-1', 10)).toEqual([expect.objectContaining({ value: 'where is my refund?' })]);

  const erasures = new ContentErasures(postgres, clickhouse, clock);
  expect(await erasures.erase('org', { endUserId: 'u-1' }, 'key')).toMatchObject({ bodies: 1 });
  expect(await service.traces.contentsOf('org', 'c-1', 10)).toEqual([]);
  expect(await service.decider().run('org', bookNothing)).toBe(0);
  expect(await evidence()).toEqual(before);
});
