import { createHash, randomBytes } from 'node:crypto';

/**
 * Ids are `<prefix>_<32 hex digits>` (docs/adr/0002-ids.md). A derived id is a function of what it names, so that doing a thing twice
 * meets the first time's row; a random id is for things that are new each time.
 */
export function derivedId(prefix: string, ...parts: readonly (string | number)[]): string {
  return `${prefix}_${sha256Hex(lengthPrefixed(parts)).slice(0, 32)}`;
}

export function randomId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`;
}

/** SHA-256 as 64 hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** JSON with sorted keys and bigints as decimal strings: the same value has the same text, so that it can be hashed. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

// ("ab", "c") and ("a", "bc") must not meet in one id.
function lengthPrefixed(parts: readonly (string | number)[]): string {
  return parts.map((part) => `${String(part).length}:${part}`).join('|');
}
