import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoFigures } from '../../apps/cli/src/demo/demo-figures.js';
import { build } from '../support/build.js';
import { runCli } from '../support/service-process.js';

describe('the demo', () => {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-demo-'));
  const demo = (...more: string[]) => runCli(['demo', '--once', '--json', '--data', directory, '--port', '0', '--conversations', '40', '--trials', '2', ...more]);
  let figures: DemoFigures;

  beforeAll(() => {
    build();
    const run = demo();
    if (run.code !== 0) throw new Error(run.stderr);
    figures = JSON.parse(run.stdout) as DemoFigures;
  }, 180_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('takes every conversation the whole way', () => {
    expect(figures.conversations).toBe(40);
    expect(figures.turns).toBeGreaterThanOrEqual(40);
    // 10 to 20 model calls a turn, and at least the root beside them.
    expect(figures.modelCalls / figures.turns).toBeGreaterThanOrEqual(10);
    expect(figures.spans).toBeGreaterThan(figures.modelCalls);
    const { billable, notBillable, byName, byReason } = figures.outcomes;
    expect(billable).toBeGreaterThan(0);
    expect(Object.values(byName).reduce((sum, count) => sum + count, 0)).toBe(billable);
    expect(Object.values(byReason).reduce((sum, count) => sum + count, 0)).toBe(notBillable);
    expect(billable + notBillable).toBe(40);
  });

  it('tells the canary from its base by what the traces recorded', () => {
    const { billable, notBillable, byVariant } = figures.outcomes;
    expect(Object.keys(byVariant).sort()).toEqual(['base', 'candidate']);
    const of = (count: 'billable' | 'notBillable') => Object.values(byVariant).reduce((sum, counts) => sum + counts[count], 0);
    expect([of('billable'), of('notBillable')]).toEqual([billable, notBillable]);
    // A quarter of the conversations is exposed: of 40, none or more than half would happen once in many thousand salts.
    const exposed = (byVariant['candidate']?.billable ?? 0) + (byVariant['candidate']?.notBillable ?? 0);
    expect(exposed).toBeGreaterThan(0);
    expect(exposed).toBeLessThan(21);
  });

  it('bills what it decided, and Stripe was told the same', () => {
    expect(figures.statement.currency).toBe('USD');
    expect(figures.statement.amountMicros).toBeGreaterThan(0);
    expect(figures.stripe.amountMicros).toBe(figures.statement.amountMicros);
    expect(figures.breaks).toBe(0);
  });

  it('has one set of figures: margin is the statement less the known cost, test traffic in neither', () => {
    const { modelCost, statement, marginMicros, costPerBillableOutcomeMicros, outcomes, wastedShare } = figures;
    const known = modelCost.knownMicros ?? NaN;
    expect(known).toBeGreaterThan(0);
    expect(modelCost.unknownSpans).toBeGreaterThan(0);
    // Each is rounded once, half to even, from the same exact sum.
    expect(Math.abs((marginMicros ?? NaN) - (statement.amountMicros - known))).toBeLessThanOrEqual(1);
    expect(Math.abs((costPerBillableOutcomeMicros ?? NaN) - known / outcomes.billable)).toBeLessThanOrEqual(1);
    expect(wastedShare).toBeGreaterThan(0);
    expect(wastedShare).toBeLessThan(1);
    expect(outcomes.testTraffic).toBe(figures.comparison.tasks * 2 * 2);
    expect(Object.keys(outcomes.byReason)).not.toContain('test_traffic');
  });

  it('compares the two variants on the same scenarios', () => {
    const { comparison } = figures;
    expect(comparison.trialsPerTask).toBe(2);
    expect(comparison.base.trials).toBe(comparison.tasks * 2);
    expect(comparison.candidate.trials).toBe(comparison.tasks * 2);
    expect(comparison.pValue).toBeGreaterThan(0);
    expect(comparison.pValue).toBeLessThanOrEqual(1);
  });

  it('gives away no more than reading with its links', () => {
    const kept = (name: string) => readFileSync(join(directory, name), 'utf8').trim();
    const { overview, conversations, statement, comparison } = figures.urls;
    for (const url of [overview, conversations, statement, comparison]) expect(keyOf(url)).toBe(kept('demo-pages-key'));
    expect(new Set(['demo-api-key', 'demo-agent-key', 'demo-pages-key'].map(kept)).size).toBe(3);
    expect(JSON.stringify(figures)).not.toContain(kept('demo-api-key'));
  });

  it('doubles nothing when it is run again', () => {
    const again = demo();
    expect(again.stderr).toBe('');
    const { urls: secondUrls, ...second } = JSON.parse(again.stdout) as DemoFigures;
    const { urls: firstUrls, ...first } = figures;
    expect(second).toEqual(first);
    // The ports are other ones; a key that the service no longer took would have been made again.
    expect(keyOf(secondUrls.overview)).toBe(keyOf(firstUrls.overview));
  }, 120_000);

  it('says what to do when its port is in use', async () => {
    const server = await new Promise<Server>((resolve) => {
      const blocker = createServer().listen(0, '127.0.0.1', () => resolve(blocker));
    });
    const { port } = server.address() as { port: number };
    const refused = runCli(['demo', '--once', '--data', directory, '--port', String(port)]);
    server.close();
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(new RegExp(`Port ${port} on 127.0.0.1 is in use.*PORT`));
  }, 60_000);
});

const keyOf = (url: string | undefined) => new URL(url ?? 'no address').searchParams.get('key');
