/** `T` as it goes over the wire: integers beyond 2^53 would be rounded by most JSON readers, so that a bigint is a decimal string. */
export type Wire<T> = T extends bigint | Date ? string : T extends readonly (infer Item)[] ? Wire<Item>[] : T extends object ? { [Key in keyof T]: Wire<T[Key]> } : T;

/** Micros and minor units become strings of digits, times RFC 3339 in UTC. */
export function toWire<T>(value: T): Wire<T> {
  return JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))) as Wire<T>;
}
