import { parseMicros, strictKeys, type Micros } from '#platform';
import { z } from 'zod';
import { evidenceGrades, type EvidenceGrade } from './decision.js';
import type { Price, PriceTier } from './rating/price.js';

/*
 * Prices as contract files have them. One amount is a price for each unit; `graduated`, `volume` and `package` say otherwise. What stands
 * without grades holds for every grade.
 */

/** A price for each grade that has one. */
export type PricesByGrade = Partial<Record<EvidenceGrade, Price>>;

/** What fits every column that an amount is ever stored in, with room to add up. */
const AMOUNT_MICROS_END = 1_000_000_000n * 1_000_000n;
const TIERS_MAX = 100;

const AMOUNT_PATTERN = '^[0-9]{1,9}(\\.[0-9]{1,6})?$';
const AMOUNT_JSON_SCHEMA = { anyOf: [{ type: 'string', pattern: AMOUNT_PATTERN }, { type: 'number', minimum: 0, exclusiveMaximum: 1_000_000_000 }] };

/** An amount of the contract's currency. */
export const amount = z
  .any()
  .transform((written: unknown, context): Micros => {
    const micros = decimalMicrosOf(written);
    if (micros !== undefined && micros < AMOUNT_MICROS_END) return micros;
    context.addIssue({ code: 'custom', message: 'must be an amount in the currency of the contract such as "0.99": not negative, below 1000000000, with at most 6 decimal places' });
    return z.NEVER;
  })
  .meta({ ...AMOUNT_JSON_SCHEMA, description: 'An amount in the currency of the contract, with at most 6 decimal places' });

/** A number of units, which a `value` may make a fraction. */
const quantity = z
  .any()
  .transform((written: unknown, context): bigint => {
    const micros = decimalMicrosOf(written);
    if (micros !== undefined && micros > 0n && micros < AMOUNT_MICROS_END) return micros;
    context.addIssue({ code: 'custom', message: 'must be a number of units such as 1000: above 0, below 1000000000' });
    return z.NEVER;
  })
  .meta({ ...AMOUNT_JSON_SCHEMA, description: 'A number of units' });

const tier = strictKeys({ up_to: quantity.optional().describe('The last unit of this tier; the last tier has none'), unit: amount.describe('For each unit'), flat: amount.optional().describe('Once, when the tier is reached') });
const tiers = z
  .array(tier)
  .min(1, 'must have at least one tier')
  .max(TIERS_MAX, `must have at most ${TIERS_MAX} tiers`)
  .superRefine((list, context) => {
    list.forEach(({ up_to: upTo }, index) => {
      const before = list[index - 1]?.up_to;
      const isLast = index === list.length - 1;
      const complain = (message: string) => context.addIssue({ code: 'custom', path: [index], message });
      if (isLast && upTo !== undefined) complain('must have no up_to: the last tier has no end, or the units beyond it would have no price');
      if (!isLast && upTo === undefined) complain('must have an up_to: only the last tier has no end');
      if (upTo !== undefined && before !== undefined && upTo <= before) complain('must end after the tier before it');
    });
  })
  .transform((list): PriceTier[] => list.map(({ up_to: upTo, unit, flat }) => ({ upTo: upTo ?? null, unitMicros: unit, flatMicros: flat ?? 0n })));

const byUnits = { graduated: strictKeys({ graduated: tiers }), volume: strictKeys({ volume: tiers }), package: strictKeys({ package: strictKeys({ size: quantity, amount }) }) };

const anyPrice = z.any().transform((written: unknown, context): Price => {
  if (!isMapping(written)) return readAs(amount, written, context, (unitMicros): Price => ({ kind: 'flat', unitMicros }));
  if ('graduated' in written) return readAs(byUnits.graduated, written, context, (price): Price => ({ kind: 'graduated', tiers: price.graduated }));
  if ('volume' in written) return readAs(byUnits.volume, written, context, (price): Price => ({ kind: 'volume', tiers: price.volume }));
  if ('package' in written) return readAs(byUnits.package, written, context, (price): Price => ({ kind: 'package', size: price.package.size, packageMicros: price.package.amount }));
  context.addIssue({ code: 'custom', message: `must be an amount such as "0.99"; graduated, volume or package; or one of these for each of ${evidenceGrades.join(', ')}` });
  return z.NEVER;
});

const byGrade = strictKeys(Object.fromEntries(evidenceGrades.map((grade) => [grade, anyPrice.optional()])))
  .transform((prices) => Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== undefined)) as PricesByGrade)
  .refine((prices) => Object.keys(prices).length > 0, 'must have a price for at least one grade');

const ONE_PRICE_JSON_SCHEMA = {
  anyOf: [
    ...AMOUNT_JSON_SCHEMA.anyOf,
    ...(['graduated', 'volume'] as const).map((kind) => jsonSchemaOf(byUnits[kind])),
    jsonSchemaOf(byUnits.package),
  ],
};

/** One price for all grades, or a price for each. Not a union: of two failed readings it could not say which one was meant. */
export const price = z
  .any()
  .transform((written: unknown, context): PricesByGrade => {
    const isForEach = isMapping(written) && (Object.keys(written).length === 0 || Object.keys(written).some((key) => !(key in byUnits)));
    if (isForEach) return readAs(byGrade, written, context, (prices) => prices);
    return readAs(anyPrice, written, context, (one): PricesByGrade => Object.fromEntries(evidenceGrades.map((grade) => [grade, one])));
  })
  .meta({
    description: 'One price for every grade of evidence, or a price for each',
    anyOf: [...ONE_PRICE_JSON_SCHEMA.anyOf, { type: 'object', properties: Object.fromEntries(evidenceGrades.map((grade) => [grade, ONE_PRICE_JSON_SCHEMA])), additionalProperties: false, minProperties: 1 }],
  });

function readAs<Schema extends z.ZodType, Result>(schema: Schema, written: unknown, context: z.RefinementCtx, make: (value: z.output<Schema>) => Result): Result {
  const result = schema.safeParse(written);
  if (result.success) return make(result.data);
  for (const issue of result.error.issues) context.addIssue({ ...issue });
  return z.NEVER;
}

function isMapping(written: unknown): written is Record<string, unknown> {
  return typeof written === 'object' && written !== null && !Array.isArray(written);
}

// YAML reads 1.80 as a number; what it then says is 1.8.
function decimalMicrosOf(written: unknown): bigint | undefined {
  if (typeof written !== 'string' && typeof written !== 'number') return undefined;
  try {
    const micros = parseMicros(String(written));
    return micros >= 0n ? micros : undefined;
  } catch {
    return undefined;
  }
}

function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
