import type { AuditValue } from '#platform';

/** One field that changed, by its path; undefined where it was not there. */
export interface FieldChange {
  name: string;
  was: string | undefined;
  is: string | undefined;
}

/** What an entry says of before and after, field by field in their order, as far into objects as these go. */
export function fieldChanges(before: AuditValue, after: AuditValue): FieldChange[] {
  const [was, is] = [new Map(fieldsOf(before, '')), new Map(fieldsOf(after, ''))];
  return [...new Set([...was.keys(), ...is.keys()])].map((name) => ({ name, was: was.get(name), is: is.get(name) }));
}

function fieldsOf(value: AuditValue, path: string): [name: string, text: string][] {
  if (value === null && path === '') return [];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject) return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, path === '' ? name : `${path}: ${name}`));
  return [[path, textOf(value)]];
}

function textOf(value: AuditValue): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(textOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
