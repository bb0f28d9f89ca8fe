/** `partial`: an object may have more keys than are named. `exact`: it may not. Lists name all their elements in both, in any order. */
export type MatchMode = 'partial' | 'exact';

const SHOWN_CHARACTERS_MAX = 160;

/**
 * How `actual` differs from `expected`, one line per difference, each with the path to it; empty where it matches. The order of list
 * elements and of keys does not count: which of two refunds was booked first is not what a state check asks.
 */
export function differences(expected: unknown, actual: unknown, mode: MatchMode, path: string): string[] {
  if (Array.isArray(expected)) return Array.isArray(actual) ? listDifferences(expected, actual, mode, path) : [mismatch(expected, actual, path)];
  if (!isObject(expected)) return Object.is(expected, actual) ? [] : [mismatch(expected, actual, path)];
  if (!isObject(actual)) return [mismatch(expected, actual, path)];
  const named = Object.entries(expected).flatMap(([key, value]) =>
    Object.hasOwn(actual, key) ? differences(value, actual[key], mode, `${path}.${key}`) : [`${path}.${key} is missing, should be ${show(value)}`],
  );
  if (mode === 'partial') return named;
  const surplus = Object.keys(actual).filter((key) => !Object.hasOwn(expected, key));
  return [...named, ...surplus.map((key) => `${path}.${key} is ${show(actual[key])}, should not be there`)];
}

export function matches(expected: unknown, actual: unknown, mode: MatchMode): boolean {
  return differences(expected, actual, mode, '').length === 0;
}

function listDifferences(expected: readonly unknown[], actual: readonly unknown[], mode: MatchMode, path: string): string[] {
  const partners = pairOff(expected, actual, (wanted, found) => matches(wanted, found, mode));
  const taken = new Set(partners);
  const missing = expected.filter((_, index) => partners[index] === undefined);
  const surplus = actual.filter((_, index) => !taken.has(index));
  // One that is off on each side is most likely the same element, changed: say how.
  if (missing.length === 1 && surplus.length === 1) return differences(missing[0], surplus[0], mode, `${path}[]`);
  return [...missing.map((value) => `${path} lacks ${show(value)}`), ...surplus.map((value) => `${path} holds ${show(value)}, which should not be there`)];
}

/**
 * Gives each wanted element an element of its own among those found, as far as that is possible, and returns the index of it. First come,
 * first served would be wrong: a loose expectation could take the only match of a strict one. Augmenting paths (Kuhn 1955).
 */
export function pairOff<Wanted, Found>(wanted: readonly Wanted[], found: readonly Found[], fits: (wanted: Wanted, found: Found) => boolean): (number | undefined)[] {
  const candidates = wanted.map((want) => found.flatMap((have, index) => (fits(want, have) ? [index] : [])));
  const owner = new Map<number, number>();
  const claim = (want: number, tried: Set<number>): boolean =>
    (candidates[want] ?? []).some((index) => {
      if (tried.has(index)) return false;
      tried.add(index);
      const holder = owner.get(index);
      if (holder !== undefined && !claim(holder, tried)) return false;
      owner.set(index, want);
      return true;
    });
  wanted.forEach((_, want) => claim(want, new Set()));
  const partners = new Map([...owner].map(([index, want]) => [want, index]));
  return wanted.map((_, want) => partners.get(want));
}

/** A value as short JSON. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}...`;
}

function mismatch(expected: unknown, actual: unknown, path: string): string {
  return `${path} is ${show(actual)}, should be ${show(expected)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
