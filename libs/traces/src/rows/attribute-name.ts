import { FIELD_OF, isContent, isSecret } from '../convention-index.js';
import { isTooLongForDictionary } from '../limits/cardinality-guard.js';

/** An attribute's name and what it is to us: a field's, a message body's, or another that is kept as it came. */
export interface AttributeName {
  readonly text: string;
  /** Slot of the field that it fills; -1 for none. */
  readonly slot: number;
  /** Its place among the names of that field: lower wins. */
  readonly rank: number;
  readonly isContent: boolean;
  /** A credential: its value is not stored at all. */
  readonly isSecret: boolean;
}

const MAPPED = new Map([...FIELD_OF].map(([text, { slot, rank }]) => [text, { text, slot, rank, isContent: false, isSecret: false }] as const));

export function attributeName(text: string): AttributeName {
  return MAPPED.get(text) ?? { text, slot: -1, rank: 0, isContent: isContent(text), isSecret: isSecret(text) };
}

/** Whether a name is too long for the dictionary that names are kept in. */
export function isNameTooLong({ text }: AttributeName): boolean {
  return isTooLongForDictionary(text);
}
