import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

/** The queue starts one piece of work in each turn of the event loop. */
const turns = async (count = 1) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

/** Work that ends when it is told to. */
function controlled() {
  const started: string[] = [];
  const enders = new Map<string, () => void>();
  const work = (name: string) => () => {
    started.push(name);
    return new Promise<string>((end) => enders.set(name, () => end(name)));
  };
  const end = async (name: string) => {
    enders.get(name)?.();
    await turns(2);
  };
  return { started, work, end };
}

describe('FairQueue', () => {
  it('runs no more than it may at a time, and gives back what the work gave', async () => {
    const { started, work, end } = controlled();
    const queue = new FairQueue(2);
    const all = ['a1', 'a2', 'a3'].map((name) => queue.run('a', work(name)));
    await turns(10);
    expect(started).toEqual(['a1', 'a2']);
    await end('a2');
    expect(started).toEqual(['a1', 'a2', 'a3']);
    await end('a1');
    await end('a3');
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3']);
  });

  it('lets a key that comes late go next, however many of another wait', async () => {
    const { started, work, end } = controlled();
    const queue = new FairQueue(1);
    for (let n = 0; n < 100; n++) void queue.run('noisy', work(`noisy-${n}`));
    await turns();
    void queue.run('quiet', work('quiet'));
    await end('noisy-0');
    expect(started).toEqual(['noisy-0', 'noisy-1']);
    await end('noisy-1');
    expect(started).toEqual(['noisy-0', 'noisy-1', 'quiet']);
    await end('quiet');
    expect(started.at(-1)).toBe('noisy-2');
  });

  it('goes on after work that failed', async () => {
    const queue = new FairQueue(1);
    const failed = queue.run('a', () => Promise.reject(new Error('no')));
    const next = queue.run('a', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('starts one piece of work in each turn of the event loop, so that others are heard in between', async () => {
    const queue = new FairQueue(100);
    const started: string[] = [];
    // What is done is done at once, as a body is read.
    for (let n = 0; n < 50; n++) void queue.run('noisy', async () => void started.push(`noisy-${n}`));
    await turns(3);
    expect(started).toEqual(['noisy-0', 'noisy-1', 'noisy-2']);
    const quiet = queue.run('quiet', async () => void started.push('quiet'));
    await quiet;
    expect(started).toEqual(['noisy-0', 'noisy-1', 'noisy-2', 'noisy-3', 'quiet']);
    await turns(60);
    expect(started).toHaveLength(51);
  });
});
