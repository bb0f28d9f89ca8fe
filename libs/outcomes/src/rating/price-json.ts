import { canonicalJson } from '#platform';
import type { Price, PriceTier } from './price.js';

/** A price as JSON has it: amounts and quantities are strings of digits, in millionths. */
export type PriceJson =
  | { kind: 'flat'; unitMicros: string }
  | { kind: 'graduated' | 'volume'; tiers: { upTo: string | null; unitMicros: string; flatMicros: string }[] }
  | { kind: 'package'; size: string; packageMicros: string };

/** Equal prices give equal JSON. */
export function priceToJson(price: Price): PriceJson {
  return JSON.parse(canonicalJson(price)) as PriceJson;
}

export function priceFromJson(json: PriceJson): Price {
  switch (json.kind) {
    case 'flat':
      return { kind: 'flat', unitMicros: BigInt(json.unitMicros) };
    case 'graduated':
    case 'volume':
      return { kind: json.kind, tiers: json.tiers.map(({ upTo, unitMicros, flatMicros }): PriceTier => ({ upTo: upTo === null ? null : BigInt(upTo), unitMicros: BigInt(unitMicros), flatMicros: BigInt(flatMicros) })) };
    case 'package':
      return { kind: 'package', size: BigInt(json.size), packageMicros: BigInt(json.packageMicros) };
  }
}
