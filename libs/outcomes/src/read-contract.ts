import { invalidYaml, readYaml, sha256Hex, type Micros } from '#platform';
import { contractSchema, type ContractFile } from './contract-schema.js';
import type { EvidenceGrade } from './decision.js';
import { compileExpression, type CompiledExpression, type Expected } from './expression.js';
import type { PricesByGrade } from './price-schema.js';

export interface Policy {
  outcome: string;
  title: string;
  when: CompiledExpression;
  unless: CompiledExpression | null;
  grade: CompiledExpression;
  /** How many units; null where an outcome is one. */
  value: CompiledExpression | null;
  prices: PricesByGrade;
}

export interface Exclusion {
  reason: string;
  when: CompiledExpression;
}

/** What a return does to the outcome of the episode before. */
export interface ReopenRule {
  withinMs: number;
  reverses: readonly EvidenceGrade[];
}

/** What a contract says of a billing period rather than of an outcome. */
export interface PeriodTerms {
  minimumMicros: Micros | null;
  capMicros: Micros | null;
  commitment: { amountMicros: Micros; months: number } | null;
  /** The first day that is charged, in the contract's zone. */
  pilotUntil: string | null;
}

/** What reviewers are asked. */
export interface ReviewQuestion {
  id: string;
  ask: string;
  answers: readonly string[];
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
  longestEpisodeMs: number;
  /** How long a decision may be revised; null for always. */
  holdWindowMs: number | null;
  reopen: ReopenRule | null;
  chargeOncePer: 'episode' | 'conversation';
  /** Whether the first policy that holds decides, or each is billed. */
  combine: 'precedence' | 'additive';
  disputeWindowMs: number | null;
  terms: PeriodTerms;
  reviewQuestions: readonly ReviewQuestion[];
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
const NEVER_USED: CompiledExpression = { at: '', text: '', evaluate: () => false, explain: () => [] };

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
    longestEpisodeMs: file.longest_episode,
    holdWindowMs: file.hold_window ?? null,
    reopen: file.reopen ? { withinMs: file.reopen.within, reverses: file.reopen.reverses } : null,
    chargeOncePer: file.charge_once_per,
    combine: file.combine,
    disputeWindowMs: file.dispute_window ?? null,
    terms: {
      minimumMicros: file.minimum ?? null,
      capMicros: file.cap ?? null,
      commitment: file.commitment ? { amountMicros: file.commitment.amount, months: file.commitment.months } : null,
      pilotUntil: file.pilot?.until ?? null,
    },
    reviewQuestions: file.review?.questions ?? [],
    exclusions: file.exclusions.map((exclusion, index) => ({ reason: exclusion.reason, when: compile(exclusion.when, ['exclusions', index, 'when'], 'bool') })),
    policies: file.policies.map((policy, index) => ({
      outcome: policy.outcome,
      title: policy.title,
      when: compile(policy.when, ['policies', index, 'when'], 'bool'),
      unless: policy.unless === undefined ? null : compile(policy.unless, ['policies', index, 'unless'], 'bool'),
      grade: compile(policy.grade, ['policies', index, 'grade'], 'grade'),
      value: policy.value === undefined ? null : compile(policy.value, ['policies', index, 'value'], 'number'),
      prices: policy.price,
    })),
    source,
    sourceSha256: sha256Hex(source),
  };
}
