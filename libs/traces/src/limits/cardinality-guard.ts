import type { Clock } from '#platform';

const FORGET_AFTER_MS = 24 * 3_600_000;

// Several times what anyone calls a model, a tool or an attribute: what is longer is data in the wrong place.
const VALUE_BYTES_MAX = 256;

/** Whether a text is too long for a dictionary: the number of values bounds its size only together with their length. */
export function isTooLongForDictionary(text: string): boolean {
  // A character has at most three bytes for each of its units: nearly every text is seen to fit without counting.
  return text.length * 3 > VALUE_BYTES_MAX && Buffer.byteLength(text) > VALUE_BYTES_MAX;
}

/**
 * Bounds how many distinct values one organization can put into a low-cardinality column, and how long they are. A span name with an id in
 * it would make the column's dictionary as large as the table; the value is then kept among the attributes and `(many)` stands in the column.
 * Money columns (customer, agent, variant, environment) are not guarded: a wrong name there would be a wrong invoice. Known values are
 * forgotten daily.
 */
export class CardinalityGuard {
  readonly #values = new Map<string, Set<string>>();
  #forgottenAtMs: number;

  constructor(
    private readonly distinctMax: number,
    private readonly clock: Clock,
  ) {
    this.#forgottenAtMs = clock.now().getTime();
  }

  /** Whether an organization's column takes this value. */
  admits(organizationId: string, column: string, value: string): boolean {
    if (isTooLongForDictionary(value)) return false;
    const nowMs = this.clock.now().getTime();
    if (nowMs - this.#forgottenAtMs > FORGET_AFTER_MS) {
      this.#values.clear();
      this.#forgottenAtMs = nowMs;
    }
    const place = `${organizationId} ${column}`;
    let values = this.#values.get(place);
    if (!values) this.#values.set(place, (values = new Set()));
    if (values.has(value)) return true;
    if (values.size >= this.distinctMax) return false;
    values.add(value);
    return true;
  }
}
