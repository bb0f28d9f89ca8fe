import { createHash } from 'node:crypto';

/** Exposure is in basis points: 10,000 is everybody. */
export const EXPOSURE_BP_MAX = 10_000;

/** All that an assignment may depend on. */
export interface AssignmentKey {
  flagKey: string;
  /** Random, made once for a rollout and kept for its life. */
  salt: string;
  /** The id of what is assigned, normally the conversation's. */
  targetingKey: string;
}

export interface Assignment<Variant> extends AssignmentKey {
  exposureBp: number;
  base: Variant;
  candidate: Variant;
}

/**
 * The place of a targeting key in a rollout, 0 to 9999, equally likely each.
 *
 * SHA-256 over flag key, salt and targeting key, each written as `<bytes>:<UTF-8>` so that no two triples share a text; of the digest the
 * first 64 bits, big-endian, modulo 10,000. The modulo favours low places by less than 10^4 / 2^64. Recountable with any SHA-256.
 */
export function bucketOf({ flagKey, salt, targetingKey }: AssignmentKey): number {
  const hash = createHash('sha256');
  for (const part of [flagKey, salt, targetingKey]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return Number(hash.digest().readBigUInt64BE(0) % BigInt(EXPOSURE_BP_MAX));
}

/**
 * The candidate for places below the exposure, the base for the rest. Sticky, because the place of a key never changes; and raising the
 * exposure moves nobody out of the candidate, because the candidate's range starts at 0 and only its end moves.
 */
export function assignVariant<Variant>(assignment: Assignment<Variant>): Variant {
  return bucketOf(assignment) < assignment.exposureBp ? assignment.candidate : assignment.base;
}
