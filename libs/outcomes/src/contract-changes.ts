import type { AuditChange } from '#platform';
import { diffContracts, termsOf } from './contract-terms.js';
import type { Contract } from './read-contract.js';

/** What was applied before, and its terms where they can still be read. */
interface AppliedBefore {
  sourceSha256: string;
  contract: Contract | null;
}

/** How a change of a contract is written down: by the terms in words, which is what somebody asks about later; of a new text those that differ. */
export function contractApplied(organizationId: string, before: AppliedBefore | null, after: Contract): AuditChange {
  const change = { organizationId, action: 'contract.applied', subject: subjectOf(after) };
  const { sourceSha256 } = after;
  if (!before?.contract) {
    const terms = wordsOf(termsOf(after).map(({ name, says }) => [name, says]));
    return { ...change, ...(before && { before: { sourceSha256: before.sourceSha256 } }), after: { sourceSha256, terms } };
  }
  const changes = diffContracts(before.contract, after);
  return {
    ...change,
    before: { sourceSha256: before.sourceSha256, terms: wordsOf(changes.map((term) => [term.name, term.before])) },
    after: { sourceSha256, terms: wordsOf(changes.map((term) => [term.name, term.after])) },
  };
}

/** @param active versions of the contract that decided beside it until now */
export function contractActivated(organizationId: string, contract: Contract, status: string, active: readonly number[], retired: readonly number[]): AuditChange {
  const { version, sourceSha256 } = contract;
  const stay = active.filter((other) => !retired.includes(other));
  return {
    ...{ organizationId, action: 'contract.activated', subject: subjectOf(contract) },
    before: { status, sourceSha256, activeVersions: status === 'active' ? inOrder([...active, version]) : inOrder(active) },
    after: { status: 'active', sourceSha256, activeVersions: inOrder([...stay, version]), retiredVersions: inOrder(retired) },
  };
}

/** `contract`, `acme-support@2`: as the command line names a version. */
export function subjectOf({ id, version }: { id: string; version: number }): AuditChange['subject'] {
  return { kind: 'contract', id: `${id}@${version}` };
}

const wordsOf = (terms: readonly (readonly [name: string, says: string | null])[]) => Object.fromEntries(terms);
const inOrder = (versions: readonly number[]) => versions.toSorted((a, b) => a - b);
