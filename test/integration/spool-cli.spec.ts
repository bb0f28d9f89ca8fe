import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../apps/cli/src/run.js';
import { encodeFrame, type Frame } from '../../libs/traces/src/spool/segment-format.js';
import { attributesOf, protobufOf, requestOf } from '../../libs/traces/src/testing/encode-request.js';
import { BASE_SPAN, transcodeBody } from '../../libs/traces/src/testing/transcode-request.js';

const WAITS = '1764000000000-000000-aaaaaaaa';
const REFUSED = '1764000000001-000001-bbbbbbbb';

describe('astrolabe spool', () => {
  let data: string;
  let spool: string;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'astrolabe-spool-cli-'));
    spool = join(data, 'spool');
    mkdirSync(join(spool, 'refused'), { recursive: true });
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  const cli = async (...argv: string[]) => {
    let [stdout, stderr] = ['', ''];
    const code = await run(['spool', ...argv], { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: { DATA_DIR: data } });
    return { code, stdout, stderr };
  };
  const bytesOf = (frames: readonly Frame[]) => Buffer.concat(frames.flatMap(encodeFrame));
  const frames = transcodeBody(protobufOf(requestOf([BASE_SPAN, { ...BASE_SPAN, spanId: '0000000000000002', attributes: attributesOf({ a: 'b' }) }])), 'protobuf').frames;
  const waits = () => writeFileSync(join(spool, `${WAITS}.seg`), bytesOf(frames));
  const refuse = (content: Buffer) => {
    writeFileSync(join(spool, 'refused', `${REFUSED}.seg`), content);
    writeFileSync(join(spool, 'refused', `${REFUSED}.txt`), 'Cannot read all data\n');
  };

  it('lists what waits and what was refused, with the reason', async () => {
    expect((await cli('list')).stdout).toBe('0 segments wait (0 bytes), 0 were refused\n');
    waits();
    refuse(Buffer.from('no frames'));
    const { code, stdout } = await cli('list', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      { waiting: [{ id: WAITS, state: 'sealed', bytes: bytesOf(frames).length }], waitingBytes: bytesOf(frames).length, refused: [{ id: REFUSED, bytes: 9, reason: 'Cannot read all data' }] },
    ]);
    expect((await cli('list')).stdout).toMatch(/1 segments wait \(\d+ bytes\), 1 were refused/);
  });

  it('shows what is in a segment: rows by table and organization, times, and damage', async () => {
    refuse(Buffer.concat([bytesOf(frames), bytesOf([{ table: 'signals', schema: 1, rows: Buffer.from('no block'), rowCount: 1 }]), Buffer.from('torn')]));
    const { stdout } = await cli('inspect', REFUSED, '--json');
    expect(JSON.parse(stdout)).toEqual({
      id: REFUSED,
      state: 'refused',
      reason: 'Cannot read all data',
      frames: 2,
      goodBytes: bytesOf(frames).length + 24 + 8,
      badBytes: 4,
      parts: [{ table: 'spans', organizationId: 'acme', rows: 2, from: '2025-11-24T16:00:00.000Z', until: '2025-11-24T16:00:00.000Z' }],
      problems: [expect.stringContaining('frame 2, for signals, is no block of rows')],
    });
  });

  it('puts a refused segment back where it is loaded from, or all of them', async () => {
    for (const which of [REFUSED, 'all']) {
      refuse(bytesOf(frames));
      expect(await cli('retry', which)).toMatchObject({ code: 0, stdout: `to be loaded again: ${REFUSED}\n` });
      expect([readdirSync(spool).sort(), readdirSync(join(spool, 'refused'))]).toEqual([[`${REFUSED}.seg`, 'refused'], []]);
      rmSync(join(spool, `${REFUSED}.seg`));
    }
    expect((await cli('retry', 'all')).stdout).toBe('no segment was refused\n');
  });

  it.each(['inspect', 'retry'])('%s says so when there is no such segment, and touches no other file', async (command) => {
    for (const id of [WAITS, '../../etc/passwd']) expect(await cli(command, id)).toMatchObject({ code: 3, stderr: expect.stringContaining('There is no segment') });
  });

  it('says so when there is no spool', async () => {
    expect(await cli('list', '--data-dir', join(data, 'elsewhere'))).toMatchObject({ code: 3, stderr: expect.stringContaining('--data-dir') });
  });
});
