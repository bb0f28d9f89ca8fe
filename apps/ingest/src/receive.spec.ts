import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { ApiKeys, SystemClock, createLogger, loadConfig } from '#platform';
import type { OtlpIntake } from '#traces';
import { OtlpReceiver } from './receive.js';

describe('OtlpReceiver', () => {
  it('reads one body in a turn of the event loop, also where many waited for the same settings', async () => {
    const settings = Promise.withResolvers<unknown>();
    let read = 0;
    const intake = {
      senderOf: () => settings.promise,
      accept: async () => {
        read++;
        return { accepted: 0, rejected: 0 };
      },
    } as unknown as OtlpIntake;
    const keys = { authenticate: async () => ({ organizationId: 'acme', keyId: 'noisy' }) } as unknown as ApiKeys;
    const receiver = new OtlpReceiver({ intake, keys, clock: new SystemClock(), config: loadConfig({}), logger: createLogger('silent', 'test') });
    const stored = Array.from({ length: 20 }, async () => (await receiver.admit({ authorization: `Bearer ${ApiKeys.newSecret()}` })).store('traces', { encoding: 'json', isGzip: false, bytes: Buffer.from('{}') }));
    await turn();
    settings.resolve({});
    const readByTurn = [];
    for (let before = read; read < 20; before = read) {
      await turn();
      readByTurn.push(read - before);
    }
    expect(Math.max(...readByTurn)).toBe(1);
    await Promise.all(stored);
  });
});
