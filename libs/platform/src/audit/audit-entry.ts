import { canonicalJson, sha256Hex } from '../ids.js';

export type ActorKind = 'key' | 'person' | 'job' | 'command';

/** Who did it: the id of a key, the name of a person or of a job, or the command that ran beside the service. */
export interface Actor {
  kind: ActorKind;
  id: string;
}

/** What it was done to: `{ kind: 'contract', id: 'acme-support@2' }`. */
export interface AuditSubject {
  /** Lower case and underscores. */
  kind: string;
  id: string;
}

export type AuditValue = null | boolean | number | string | AuditValue[] | { [name: string]: AuditValue };

/** One entry as it is exported and hashed: plain JSON, whose times are texts. */
export interface AuditEntry {
  organizationId: string;
  /** From 1, without gaps. */
  sequence: number;
  /** RFC 3339 in UTC, to the millisecond: `2026-11-02T12:00:00.000Z`. */
  at: string;
  actor: Actor;
  /** `contract.activated` */
  action: string;
  subject: AuditSubject;
  reason: string | null;
  before: AuditValue;
  after: AuditValue;
  /** Of the entry before; of the first 64 zeros. */
  previousSha256: string;
  sha256: string;
}

/** Stands for everything up to it: whoever wrote it down elsewhere notices when any of that was changed or removed. */
export interface AuditHead {
  sequence: number;
  sha256: string;
}

/** The head of a log without entries. */
export const AUDIT_BEGINNING: AuditHead = { sequence: 0, sha256: '0'.repeat(64) };

/** SHA-256 over the canonical JSON of all of an entry but its own hash, and so of whatever else was put into it. */
export function hashAuditEntry({ sha256: _own, ...content }: Omit<AuditEntry, 'sha256'> & { sha256?: string }): string {
  return sha256Hex(canonicalJson(content));
}

/** The fields in which two states of a thing differ, for `before` and `after`. */
export function changedFields(before: object, after: object): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.has(name) !== is.has(name) || canonicalJson([was.get(name)]) !== canonicalJson([is.get(name)]));
  const of = (state: Map<string, unknown>) => Object.fromEntries(changed.filter((name) => state.has(name)).map((name) => [name, state.get(name)]));
  return { before: of(was), after: of(is) };
}

/**
 * A value as JSON holds it. Halves of surrogate pairs become U+FFFD, as they do on their way into a text column: what is hashed is what is
 * read back.
 */
export function auditValue(value: unknown): AuditValue {
  const text = JSON.stringify(value ?? null, (_name, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    return typeof inner === 'string' ? inner.toWellFormed() : inner;
  });
  return JSON.parse(text) as AuditValue;
}
