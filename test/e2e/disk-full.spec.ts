import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../support/build.js';
import { OtlpLoad } from '../support/faults/otlp-load.js';
import { OtlpSender, TRANSPORTS, type Answer, type Transport } from '../support/faults/otlp-sender.js';
import { SmallDisk } from '../support/faults/small-disk.js';
import { faultsIn, lookInto, prepareStores } from '../support/faults/store-look.js';
import { eventually, metricsOf, ServiceProcess } from '../support/service-process.js';

const MIB = 1024 * 1024;
const UNAVAILABLE: Record<Transport, number> = { json: 503, protobuf: 503, grpc: 14 };

describe('no room for the spool', () => {
  let service: ServiceProcess;
  let load: OtlpLoad;
  let sender: OtlpSender;

  beforeAll(() => build(), 120_000);
  beforeEach(async () => {
    service = new ServiceProcess('ingest');
    load = new OtlpLoad(1);
    await prepareStores(service);
  });
  afterEach(() => service.stop());

  const start = async (settings: Record<string, string>) => {
    await service.start(settings);
    sender = new OtlpSender(service);
  };
  const send = async (transport: Transport): Promise<Answer | undefined> => (await load.sendOne(sender, transport)).answer;
  /** Sends until each transport has been refused, and gives the reasons. */
  const refusals = async (): Promise<string[]> => {
    const reasons: string[] = [];
    for (const transport of TRANSPORTS) {
      const answer = await eventually(() => send(transport), (given) => given?.kind !== 'acknowledged');
      // A client that is told when to come back keeps what it has; any other failure would make it drop spans.
      expect(answer).toEqual({ kind: 'refused', code: UNAVAILABLE[transport], message: expect.any(String), retryAfterSeconds: 5 });
      reasons.push(answer?.kind === 'refused' ? answer.message : '');
    }
    return reasons;
  };
  const servesAgain = async () => {
    for (const transport of TRANSPORTS) await eventually(() => send(transport), (answer) => answer?.kind === 'acknowledged');
  };
  /** Waits until all is loaded, ends the process and looks for every id that was acknowledged. */
  const expectNothingLost = async () => {
    await eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0);
    sender.close();
    expect(await service.kill('SIGTERM')).toBe(0);
    expect(readdirSync(join(service.directory, 'spool', 'refused'))).toEqual([]);
    expect(faultsIn(await lookInto(join(service.directory, 'clickhouse')), load.sent)).toEqual([]);
  };

  it('by its own limit: clients are told to come back, until the store has taken some', async () => {
    // Nothing is loaded before it is this old.
    await start({ SPOOL_BYTES_MAX: '40000', SPOOL_SEGMENT_AGE_MS: '3000' });
    expect(await refusals()).toEqual(TRANSPORTS.map(() => expect.stringMatching(/The spool holds \d+ bytes that the store has not taken yet \(limit 40000\): send again in 5 s/)));
    await servesAgain();
    await expectNothingLost();
  }, 90_000);

  it('because the rest of the disk is kept free for loading, until there is more again', async () => {
    const disk = SmallDisk.mount(join(service.directory, 'spool'), 8 * MIB);
    if (!disk) return console.warn('NOT TESTED: a disk with little room. Mounting a tmpfs needs root.');
    try {
      await start({ SPOOL_FREE_BYTES_MIN: String(4 * MIB) });
      await servesAgain();
      disk.fill(3 * MIB);
      expect(await refusals()).toEqual(TRANSPORTS.map(() => expect.stringMatching(/The disk of the spool has \d+ bytes left \(4194304 are kept free\): send again in 5 s/)));
      // There is room to load what was acknowledged.
      await eventually(() => metricsOf(service), ({ astrolabe_spool_bytes: bytes }) => bytes === 0);
      disk.empty();
      await servesAgain();
      await expectNothingLost();
    } finally {
      await service.kill('SIGKILL');
      disk.unmount();
    }
  }, 90_000);

  /** All that was acknowledged may have been loaded in time, and left room: then more is sent, and the disk is filled behind it. */
  async function fillBehindLoad(disk: SmallDisk): Promise<void> {
    disk.empty();
    const before = load.acknowledged.length;
    let isOver = false;
    const running = load.run(service, { clients: 2, isOver: () => isOver });
    await eventually(async () => load.acknowledged.length, (count) => count > before);
    disk.fill();
    isOver = true;
    await running;
    disk.fill();
  }

  it('at all: what was acknowledged outlives a full disk, and a kill on it, and there is service again when there is room', async () => {
    const disk = SmallDisk.mount(join(service.directory, 'spool'), 2 * MIB);
    if (!disk) return console.warn('NOT TESTED: a full disk under a running receiver. Mounting a tmpfs needs root.');
    try {
      await start({ SPOOL_FREE_BYTES_MIN: '1', SPOOL_SEGMENT_AGE_MS: '300' });
      let isOver = false;
      const running = load.run(service, { clients: 2, isOver: () => isOver });
      await eventually(async () => load.acknowledged.length, (count) => count > 50);
      // Under load: some segments are open, some are being loaded, by way of a file on the same disk.
      disk.fill();
      expect(await refusals()).toEqual(TRANSPORTS.map(() => expect.stringMatching(/ENOSPC|bytes were written|0 bytes left/)));
      isOver = true;
      await running;
      disk.fill();
      // A segment waits that cannot be loaded, for want of room for its rows beside it.
      const spool = join(service.directory, 'spool');
      await eventually(
        async () => {
          const metrics = await metricsOf(service);
          if (metrics.astrolabe_store_away !== 1 && metrics.astrolabe_spool_bytes === 0) await fillBehindLoad(disk);
          return metricsOf(service);
        },
        ({ astrolabe_store_away: isAway }) => isAway === 1,
      );

      await service.kill('SIGKILL');
      sender.close();
      await start({ SPOOL_FREE_BYTES_MIN: '1', SPOOL_SEGMENT_AGE_MS: '300' });
      await refusals();
      expect(readdirSync(spool).filter((name) => name.endsWith('.seg')).length).toBeGreaterThan(0);

      disk.empty();
      await servesAgain();
      await expectNothingLost();
    } finally {
      await service.kill('SIGKILL');
      disk.unmount();
    }
  }, 90_000);
});
