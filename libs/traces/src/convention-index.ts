import { CONVENTIONS, CREDENTIALS, MESSAGE_BODIES, type ConventionField } from './conventions.js';

/** The fields in a fixed order, so that a span being read can hold them in an array. */
export const FIELDS = Object.keys(CONVENTIONS) as readonly ConventionField[];

/** Slot of a field in that array. */
export const SLOT = Object.fromEntries(FIELDS.map((field, slot) => [field, slot])) as Readonly<Record<ConventionField, number>>;

/** The name that wins where a field, given by its slot, has several. */
export function firstNameOf(slot: number): string {
  return CONVENTIONS[FIELDS[slot] as ConventionField].names[0][0];
}

export interface MappedName {
  slot: number;
  /** Position in its list: lower wins. */
  rank: number;
}

/** From an attribute's name to the field it fills. */
export const FIELD_OF: ReadonlyMap<string, MappedName> = new Map(
  FIELDS.flatMap((field, slot) => CONVENTIONS[field].names.map(([name], rank) => [name, { slot, rank }] as const)),
);

const CONTENT_PREFIXES = MESSAGE_BODIES.flatMap(([, names]) => names);

// One look at the first character rules out nearly every attribute before any prefix is compared.
const CONTENT_INITIALS = new Set(CONTENT_PREFIXES.map((prefix) => prefix.charCodeAt(0)));

/** Whether an attribute's value is a message body. */
export function isContent(name: string): boolean {
  if (!CONTENT_INITIALS.has(name.charCodeAt(0))) return false;
  return CONTENT_PREFIXES.some((prefix) => name.startsWith(prefix) && (name.length === prefix.length || name.charCodeAt(prefix.length) === 46));
}

const CREDENTIAL_PREFIXES = CREDENTIALS.flatMap(([, names]) => names);

/** Whether an attribute's value is a credential. */
export function isSecret(name: string): boolean {
  return CREDENTIAL_PREFIXES.some((prefix) => name.startsWith(prefix));
}
