import type { Actor } from '../audit/audit-entry.js';
import type { Principal } from './api-keys.js';

/** The caller, for the audit log. */
export function actorOf({ keyId }: Principal): Actor {
  return { kind: 'key', id: keyId };
}
