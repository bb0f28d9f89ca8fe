import type { Random } from './random.js';

/* Damage that asks nothing of what a body means: cut, flipped, spliced, doubled, and lengths that lie. */

type Damage = (body: Buffer, random: Random, other: Buffer) => Buffer;

// What a length, a tag or a character should not be.
const NASTY = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x22],
  [0x5c],
  [0x7b, 0x7b],
].map((list) => Buffer.from(list));

const DAMAGES: readonly Damage[] = [
  (body, random) => body.subarray(0, random.below(body.length + 1)),
  (body, random) => body.subarray(random.below(body.length + 1)),
  (body, random) => withBytes(body, random.between(1, 8), (byte) => byte ^ (1 << random.below(8)), random),
  (body, random) => withBytes(body, random.between(1, 8), () => random.below(256), random),
  (body, random) => splice(body, random, 0, random.bytes(random.below(16))),
  (body, random) => splice(body, random, random.below(32), Buffer.alloc(0)),
  (body, random) => splice(body, random, random.below(8), random.pick(NASTY)),
  (body, random, other) => {
    const from = random.below(other.length + 1);
    return splice(body, random, random.below(64), other.subarray(from, from + random.below(256)));
  },
  (body, random) => {
    const from = random.below(body.length + 1);
    return splice(body, random, 0, body.subarray(from, from + random.below(256)));
  },
  (body, _random, other) => Buffer.concat([body, other]),
  (body, random) => splice(body, random, 0, Buffer.alloc(random.below(6000), random.pick([0x80, 0xbf, 0x00, 0xff]))),
];

/** A body with one to four of these, one after the other. */
export function damaged(body: Buffer, random: Random, other: Buffer): Buffer {
  let result = body;
  for (let times = random.pick([1, 1, 2, 4]); times > 0; times--) result = random.pick(DAMAGES)(result, random, other);
  return result;
}

function withBytes(body: Buffer, times: number, change: (byte: number) => number, random: Random): Buffer {
  const changed = Buffer.from(body);
  for (let n = 0; n < times && changed.length > 0; n++) {
    const at = random.below(changed.length);
    changed[at] = change(changed[at] as number);
  }
  return changed;
}

function splice(body: Buffer, random: Random, leaveOut: number, put: Buffer): Buffer {
  const at = random.below(body.length + 1);
  return Buffer.concat([body.subarray(0, at), put, body.subarray(at + leaveOut)]);
}
