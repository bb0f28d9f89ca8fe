import { z } from 'zod';

const REASON_CHARACTERS_MAX = 2000;

/** Why, in the words of whoever does it: for the audit log. */
export const reasonText = z.string().trim().min(1, 'must say why, or be left out').max(REASON_CHARACTERS_MAX);

/** The body of a request that says nothing else, and may say nothing. */
export const reasonBody = z.strictObject({ reason: reasonText.optional() }).nullish();
