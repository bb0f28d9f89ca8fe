import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
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
    expect(billable + notBillable).toBeGreaterThanOrEqual(40);
  });

  it('bills what it decided, and Stripe was told the same', () => {
    expect(figures.statement.currency).toBe('USD');
    expect(figures.statement.amountMicros).toBeGreaterThan(0);
    expect(figures.stripe.amountMicros).toBe(figures.statement.amountMicros);
    expect(figures.breaks).toBe(0);
  });

  it('counts what it does not know apart from what it knows', () => {
    expect(figures.modelCost.knownMicros).toBeGreaterThan(0);
    expect(figures.modelCost.unknownSpans).toBeGreaterThan(0);
    expect(figures.marginMicros).not.toBeNull();
    expect(figures.costPerBillableOutcomeMicros).toBeGreaterThan(0);
    expect(figures.wastedShare).toBeGreaterThan(0);
    expect(figures.wastedShare).toBeLessThan(1);
  });

  it('compares the two variants on the same scenarios', () => {
    const { comparison } = figures;
    expect(comparison.trialsPerTask).toBe(2);
    expect(comparison.base.trials).toBe(comparison.tasks * 2);
    expect(comparison.candidate.trials).toBe(comparison.tasks * 2);
    expect(comparison.pValue).toBeGreaterThan(0);
    expect(comparison.pValue).toBeLessThanOrEqual(1);
  });

  it('doubles nothing when it is run again', () => {
    const again = demo();
    expect(again.stderr).toBe('');
    const { urls: _urls, ...second } = JSON.parse(again.stdout) as DemoFigures;
    const { urls: _first, ...first } = figures;
    expect(second).toEqual(first);
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
