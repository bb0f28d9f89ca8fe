import type { Random } from './random.js';

/* Changes to a JSON document that leave it JSON: members that are missing, doubled, of another type, deep, or called like what every object has. */

type Place = { holder: Record<string, unknown>; key: string };

// Put in as text when the document is written: JSON.stringify would not get down there.
const DEEP = '@deep@';

const VALUES: readonly unknown[] = [
  null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53, 2 ** 53 + 2, '', 'x', ' ', '\0', 'a\0b', '\ud800', '🦊', '🦊'.repeat(1100), 'é'.repeat(3000), 'a'.repeat(5000),
  '9'.repeat(19), '9'.repeat(20), '18446744073709551615', '18446744073709551616', '-9223372036854775808', '-1', 'NaN', 'Infinity', '1e999', '0x10', '00f067aa0ba902b7', '0'.repeat(32),
  'constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'astrolabe.signal', 'event.name', '(many)', [], {}, [[]], [null], [{}], { key: 'k' }, { key: 'k', value: null },
  { stringValue: 'a', intValue: '5' }, { intValue: '99999999999999999999' }, { doubleValue: 'NaN' }, { doubleValue: 1e300 }, { bytesValue: '!!!' }, { arrayValue: {} }, { kvlistValue: { values: [{ key: '__proto__', value: { stringValue: 'x' } }] } },
  DEEP,
];

const KEYS = ['key', 'value', 'name', 'stringValue', 'intValue', 'arrayValue', 'kvlistValue', 'attributes', 'events', 'status', 'spans', 'traceId', 'eventName', '__proto__', 'constructor', 'toString', ''];

/** A document with one to three of its members changed. */
export function changedDocument(body: Buffer, random: Random): Buffer {
  const document = { root: JSON.parse(body.toString()) as unknown };
  for (let times = random.pick([1, 1, 1, 2, 3]); times > 0; times--) {
    const places = placesIn(document);
    if (places.length === 0) break;
    change(random.pick(places), random, random.pick(places));
  }
  return Buffer.from((JSON.stringify(document.root) ?? 'null').replaceAll(`"${DEEP}"`, () => deepText(random)));
}

function change({ holder, key }: Place, random: Random, other: Place): void {
  const value = holder[key];
  switch (random.below(6)) {
    case 0:
      Reflect.deleteProperty(holder, key);
      return;
    case 1:
      put(holder, random.pick(KEYS), random.chance(0.2) ? DEEP : value);
      return;
    case 2:
      holder[key] = structuredClone(other.holder[other.key]);
      return;
    case 3:
      if (Array.isArray(value)) (value as unknown[]).push(...Array<unknown>(random.chance(0.1) ? 150 : random.between(1, 2)).fill((value as unknown[])[0]));
      return;
    default:
      holder[key] = random.chance(0.1) ? `name-${random.below(1_000_000)}` : structuredClone(random.pick(VALUES));
  }
}

// An assignment to __proto__ would change what the object is and not what it says.
function put(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(holder: object, into: Place[] = []): Place[] {
  for (const key of Object.keys(holder)) {
    into.push({ holder: holder as Record<string, unknown>, key });
    const value = (holder as Record<string, unknown>)[key];
    if (typeof value === 'object' && value !== null) placesIn(value, into);
  }
  return into;
}

function deepText(random: Random): string {
  if (random.chance(0.5)) {
    const levels = random.pick([31, 32, 33, 34, 20_000]);
    return `${'['.repeat(levels)}${']'.repeat(levels)}`;
  }
  const levels = random.pick([31, 32, 33, 34, 2000]);
  return `${'{"arrayValue":{"values":['.repeat(levels)}{"stringValue":"core"}${']}}'.repeat(levels)}`;
}
