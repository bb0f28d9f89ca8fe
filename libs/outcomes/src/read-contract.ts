import { invalidYaml, readYaml, sha256Hex, type Micros } from '#platform';
import { contractSchema, type ContractFile } from './contract-schema.js';
import type { EvidenceGrade } from './decision.js';
import { compileExpression, type CompiledExpression, type Expected } from './expression.js';

export interface Policy {
  outcome: string;
  title: string;
  when: CompiledExpression;
  unless: CompiledExpression | null;
  grade: CompiledExpression;
  prices: Partial<Record<EvidenceGrade, Micros>>;
}

export interface Exclusion {
  reason: string;
  when: CompiledExpression;
}

/** A contract version, checked and with its expressions compiled. */
export interface Contract {
  id: string;
  version: number;
  customer: { id: string; name: string };
  /** Names, or beginnings of names with a star at the end. */
  agents: readonly string[];
  currency: string;
  timeZone: string;
  effectiveFrom: string | null;
  effectiveUntil: string | null;
  quietWindowMs: number;
  exclusions: readonly Exclusion[];
  policies: readonly Policy[];
  source: string;
  sourceSha256: string;
}

/**
 * Reads a contract file: shape, then every expression against the facts.
 * @throws DomainError `invalid_contract` that names line and column of every problem and what would be right.
 */
export function readContract(source: string, fileName: string): Contract {
  const { value, locate } = readYaml(source, fileName, 'contract', contractSchema);
  const problems: string[] = [];
  const compile = (text: string, path: readonly (string | number)[], expected: Expected) => {
    const result = compileExpression(text, path.join('.'), expected);
    if (result.kind === 'invalid') problems.push(`${locate(path)}: ${path.join('.')} ${result.problem}`);
    return result.kind === 'invalid' ? NEVER_USED : result.expression;
  };
  const contract = contractOf(value, source, compile);
  if (problems.length > 0) throw invalidYaml('contract', problems);
  return contract;
}

// Stands in only until the problem it comes with is thrown.
const NEVER_USED: CompiledExpression = { at: '', text: '', evaluate: () => false };

function contractOf(file: ContractFile, source: string, compile: (text: string, path: (string | number)[], expected: Expected) => CompiledExpression): Contract {
  return {
    id: file.contract,
    version: file.version,
    customer: file.customer,
    agents: file.agents,
    currency: file.currency,
    timeZone: file.time_zone,
    effectiveFrom: file.effective_from ?? null,
    effectiveUntil: file.effective_until ?? null,
    quietWindowMs: file.quiet_window,
    exclusions: file.exclusions.map((exclusion, index) => ({ reason: exclusion.reason, when: compile(exclusion.when, ['exclusions', index, 'when'], 'bool') })),
    policies: file.policies.map((policy, index) => ({
      outcome: policy.outcome,
      title: policy.title,
      when: compile(policy.when, ['policies', index, 'when'], 'bool'),
      unless: policy.unless === undefined ? null : compile(policy.unless, ['policies', index, 'unless'], 'bool'),
      grade: compile(policy.grade, ['policies', index, 'grade'], 'grade'),
      prices: policy.price,
    })),
    source,
    sourceSha256: sha256Hex(source),
  };
}
