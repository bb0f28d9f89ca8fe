import { z } from 'zod';
import { contractSchema } from './contract-schema.js';

/**
 * The contract file as JSON Schema (2020-12), for editors. It says what keys there are and what their values look like; what only
 * `readContract` knows (expressions, tiers that rise, dates in order) is not in it.
 */
export function contractJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(contractSchema, { io: 'input', unrepresentable: 'any' });
  return { ...schema, title: 'Astrolabe contract', description: 'What a customer pays for' };
}
