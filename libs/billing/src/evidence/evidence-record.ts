/**
 * What an export of evidence consists of, in the form in which it goes over the wire and into files: amounts are strings of digits, times
 * RFC 3339 in UTC. docs/evidence.md says what every field means to a customer.
 */
import type { Decision, EvidenceGrade } from '#outcomes';
import type { Period, PeriodStatus } from '#ledger';
import { toWire, type Micros, type Wire } from '#platform';
import type { Statement, StatementLine } from '../statements/statement.js';
import { minorDigits } from '../statements/rounded-minor.js';
import { statementIdOf } from './statement-id.js';

/** Written into every bundle. Another number is another set of rules for its verifier. */
export const EVIDENCE_FORMAT = 'astrolabe-evidence/2';

export interface EvidenceContract {
  id: string;
  version: number;
  sha256: string;
  /** Where a bundle has the text. */
  file: string;
}

export interface EvidenceStatement {
  format: typeof EVIDENCE_FORMAT;
  id: string;
  organization: string;
  customer: { id: string; name: string };
  currency: string;
  /** Decimal places of the currency: how many `...Minor` amounts have. */
  minorDigits: number;
  period: { label: string; start: string; end: string; timeZone: string | null };
  status: PeriodStatus;
  statusInWords: string;
  exportedAt: string;
  contracts: EvidenceContract[];
  lines: Wire<StatementLine>[];
  totalMicros: string;
  totalMinor: string;
  ledgerBalanceMicros: string;
  /** Lines of decisions.jsonl and of not-billed.jsonl. */
  bookings: number;
  notBilled: number;
}

/** A decision, less what is nobody's business but its vendor's: what the models cost. */
export interface EvidenceDecision {
  id: string;
  conversationId: string;
  episode: number;
  addition: string;
  revision: number;
  supersedes: string | null;
  customerId: string;
  /** The version it was decided under, and the hash of its text. */
  contract: { id: string; version: number; sha256: string } | null;
  agent: string;
  variant: string;
  locale: string;
  channel: string;
  isTestTraffic: boolean;
  outcome: string;
  isBillable: boolean;
  reason: string;
  grade: EvidenceGrade | null;
  amountMicros: string;
  quantityMicros: string;
  listed: { outcome: string; grade: EvidenceGrade; amountMicros: string } | null;
  currency: string;
  facts: Record<string, unknown>;
  factsSha256: string;
  explanation: Decision['explanation'];
  evidence: Decision['evidence'];
  episodeStartedAt: string;
  episodeEndedAt: string;
  decidedAt: string;
}

/** All that is said of a decision about somebody else's episode: its facts and contract are theirs. */
export type HiddenDecision = Pick<EvidenceDecision, 'id' | 'conversationId' | 'episode' | 'addition' | 'revision' | 'decidedAt'> & { isOfOtherCustomer: true };

/** One outcome of a statement, or one that was taken back. */
export interface EvidenceBooking {
  postingId: string;
  /** The charge of the statement that it is in. */
  chargeId: string;
  kind: 'outcome' | 'reversal';
  /** Of a reversal: the posting that it takes back, which may be of an earlier period. */
  reverses: string | null;
  /** Of a reversal: the period whose statement has that posting. */
  reversedPeriod: { start: string; end: string } | null;
  bookedAt: string;
  /** What it adds to the quantity of its charge, in millionths of a unit. */
  quantityMicros: string;
  /** What it adds to the statement by itself: negative for a reversal. */
  amountMicros: string;
  /** What is paid for, or taken back. */
  decision: EvidenceDecision;
  /** Of a reversal: the later revision that takes it back. */
  takenBackBy: EvidenceDecision | HiddenDecision | null;
}

/** What a charge as a whole changes about the price of what is in it, or what a term of the contract adds. */
export interface EvidenceAdjustment {
  postingId: string;
  chargeId: string;
  kind: 'repricing' | 'term';
  bookedAt: string;
  amountMicros: string;
}

export type EvidenceRecord =
  | { statement: EvidenceStatement }
  | { contract: EvidenceContract & { source: string } }
  | { booking: EvidenceBooking }
  | { adjustment: EvidenceAdjustment }
  | { notBilled: EvidenceDecision }
  /** The last one: what ends without it was cut off. */
  | { end: { bookings: number; adjustments: number; notBilled: number } };

/** A posting as it is read for an export. */
export interface BookedDecision {
  postingId: string;
  chargeId: string;
  kind: 'outcome' | 'reversal';
  reverses: string | null;
  reversedPeriod: Period | null;
  bookedAt: Date;
  quantityMicros: bigint;
  amountMicros: Micros;
  decision: Decision;
  takenBackBy: Decision | null;
}

/** A posting that no single decision caused. */
export type Adjustment = Pick<BookedDecision, 'postingId' | 'chargeId' | 'bookedAt' | 'amountMicros'> & { kind: 'repricing' | 'term' };

/** Finds the hash of a contract version's text. */
export type ContractHash = (id: string, version: number) => string;

export interface StatementOfExport {
  organizationId: string;
  statement: Statement;
  contracts: readonly EvidenceContract[];
  notBilled: number;
  exportedAt: Date;
}

export function evidenceStatement({ organizationId, statement, contracts, notBilled, exportedAt }: StatementOfExport): EvidenceStatement {
  const { customer, currency, period, status, lines, totalMicros, totalMinor, ledgerBalanceMicros } = statement;
  return {
    format: EVIDENCE_FORMAT,
    id: statementIdOf(statement),
    organization: organizationId,
    customer,
    currency,
    minorDigits: minorDigits(currency),
    period: { label: period.label, start: period.start.toISOString(), end: period.end.toISOString(), timeZone: period.timeZone },
    status,
    statusInWords: STATUS_IN_WORDS[status],
    exportedAt: exportedAt.toISOString(),
    contracts: [...contracts],
    lines: toWire(lines),
    totalMicros: totalMicros.toString(),
    totalMinor: totalMinor.toString(),
    ledgerBalanceMicros: ledgerBalanceMicros.toString(),
    bookings: lines.reduce((sum, { outcomes, reversals }) => sum + outcomes + reversals, 0),
    notBilled,
  };
}

const STATUS_IN_WORDS: Record<PeriodStatus, string> = {
  open: 'The period is still running: what is decided until its end will be added',
  closing: 'The period is over, and not locked yet: what was decided in it may still be taken back',
  locked: 'The period is locked: nothing in it changes any more',
};

export function evidenceAdjustment({ postingId, chargeId, kind, bookedAt, amountMicros }: Adjustment): EvidenceAdjustment {
  return { postingId, chargeId, kind, bookedAt: bookedAt.toISOString(), amountMicros: amountMicros.toString() };
}

export function evidenceBooking(booking: BookedDecision, customerId: string, hashOf: ContractHash): EvidenceBooking {
  const { decision, takenBackBy, quantityMicros, amountMicros, bookedAt, reversedPeriod, ...posting } = booking;
  return {
    ...posting,
    reversedPeriod: reversedPeriod && { start: reversedPeriod.start.toISOString(), end: reversedPeriod.end.toISOString() },
    bookedAt: bookedAt.toISOString(),
    quantityMicros: quantityMicros.toString(),
    amountMicros: amountMicros.toString(),
    decision: evidenceDecision(decision, hashOf),
    takenBackBy: takenBackBy && (takenBackBy.customerId === customerId ? evidenceDecision(takenBackBy, hashOf) : hiddenDecision(takenBackBy)),
  };
}

export function evidenceDecision(decision: Decision, hashOf: ContractHash): EvidenceDecision {
  const { contractId, contractVersion, listed } = decision;
  return {
    id: decision.id,
    conversationId: decision.conversationId,
    episode: decision.episode,
    addition: decision.addition,
    revision: decision.revision,
    supersedes: decision.supersedes,
    customerId: decision.customerId,
    contract: contractId === null || contractVersion === null ? null : { id: contractId, version: contractVersion, sha256: hashOf(contractId, contractVersion) },
    agent: decision.agent,
    variant: decision.variant,
    locale: decision.locale,
    channel: decision.channel,
    isTestTraffic: decision.isTestTraffic,
    outcome: decision.outcome,
    isBillable: decision.isBillable,
    reason: decision.reason,
    grade: decision.grade,
    amountMicros: decision.amountMicros.toString(),
    quantityMicros: decision.quantityMicros.toString(),
    listed: listed && { ...listed, amountMicros: listed.amountMicros.toString() },
    currency: decision.currency,
    facts: decision.facts,
    factsSha256: decision.factsSha256,
    explanation: decision.explanation,
    evidence: decision.evidence,
    episodeStartedAt: decision.episodeStartedAt.toISOString(),
    episodeEndedAt: decision.episodeEndedAt.toISOString(),
    decidedAt: decision.decidedAt.toISOString(),
  };
}

// An episode can turn out to be another customer's. Whose, and what they pay for it, is not for the one who had it before.
function hiddenDecision({ id, conversationId, episode, addition, revision, decidedAt }: Decision): HiddenDecision {
  return { id, conversationId, episode, addition, revision, decidedAt: decidedAt.toISOString(), isOfOtherCustomer: true };
}
