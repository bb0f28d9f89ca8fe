import type { ReviewQuestion } from '../read-contract.js';
import { precisionOf, recallOf, type JudgedDecision, type Measured } from './accuracy.js';
import { agreementOf, type Agreement } from './agreement.js';
import { measuredQuestionOf, verdictOf } from './review-questions.js';
import type { ReviewItem } from './review.js';
import { settleAnswer } from './settle-answer.js';
import { independentLabels, type GivenLabel } from './standing-labels.js';

/** Fewer than this say so little that a rate would be taken for more than it is: 20 of 20 is still compatible with 84 %. */
export const REPORT_N_MIN = 20;

export interface ReviewGroup {
  /** Null for all. */
  outcome: string | null;
  locale: string | null;
  agreement: Agreement;
  /** Both null where nothing in the group is billable. */
  precision: Measured | null;
  recall: Measured | null;
}

export interface ReviewReport {
  nMin: number;
  /** Sampled decisions that stand; all figures are of these. */
  sampled: number;
  /** Of them, with an answer that people agree on or that was adjudicated, also where it is `unsure`. */
  settled: number;
  undecided: number;
  /** Sampled, but replaced by a later revision. */
  replaced: number;
  /** Picked or disputed, and not sampled: no sample of anything. */
  notSampled: number;
  total: ReviewGroup;
  byLocale: ReviewGroup[];
  byOutcome: ReviewGroup[];
  byOutcomeAndLocale: ReviewGroup[];
  /** Agreement on each question that measures nothing. */
  otherQuestions: { question: string; ask: string; agreement: Agreement }[];
}

export interface ReviewedItem {
  item: ReviewItem;
  questions: readonly ReviewQuestion[];
}

/** What the labels say of the decisions, and of the labellers. Pure: the same labels give the same report. */
export function reviewReport(reviewed: readonly ReviewedItem[], nMin = REPORT_N_MIN): ReviewReport {
  const sampled = reviewed.filter(({ item }) => drawOf(item) !== null);
  const standing = sampled.filter(({ item }) => item.isStanding);
  const judged = standing.map(judge);
  const settled = judged.filter(({ kind }) => kind === 'adjudicated' || kind === 'majority');
  const locales = namesOf(judged, ({ locale }) => locale);
  const outcomes = namesOf(judged, ({ outcome }) => outcome);
  const group = (outcome: string | null, locale: string | null) => groupOf(judged, { outcome, locale }, nMin);
  return {
    nMin,
    sampled: standing.length,
    settled: settled.length,
    undecided: judged.filter(({ kind }) => kind === 'undecided').length,
    replaced: sampled.length - standing.length,
    notSampled: reviewed.length - sampled.length,
    total: group(null, null),
    byLocale: locales.map((locale) => group(null, locale)),
    byOutcome: outcomes.map((outcome) => group(outcome, null)),
    byOutcomeAndLocale: outcomes.flatMap((outcome) => locales.filter((locale) => judged.some((one) => one.outcome === outcome && one.locale === locale)).map((locale) => group(outcome, locale))),
    otherQuestions: otherQuestionsOf(standing, nMin),
  };
}

interface Judged extends JudgedDecision {
  kind: ReturnType<typeof settleAnswer>['kind'];
  /** To the question that measures, as a verdict on the decision: what is asked depends on whether it bills something. */
  labels: GivenLabel[];
}

function judge({ item, questions }: ReviewedItem): Judged {
  const { id: question } = measuredQuestionOf(questions);
  const settled = settleAnswer(question, item.labels, item.adjudications);
  const answer = 'answer' in settled ? settled.answer : '';
  const verdict = verdictOf(question, answer);
  const { id, outcome, locale, isBillable } = item.decision;
  const reason = item.reasons.find(({ draw }) => draw !== null);
  if (!reason?.draw) throw new Error(`decision ${id} was not sampled`);
  return {
    ...{ id, outcome, locale, isBillable, draw: reason.draw, drawnAt: reason.addedAt, kind: settled.kind },
    isRight: verdict === 'yes' ? true : verdict === 'no' ? false : null,
    missed: !isBillable && verdict === 'no' ? answer : null,
    labels: independentLabels(item.labels.filter((label) => label.question === question)).map((label) => ({ ...label, answer: verdictOf(question, label.answer) })),
  };
}

function groupOf(judged: readonly Judged[], { outcome, locale }: { outcome: string | null; locale: string | null }, nMin: number): ReviewGroup {
  const ofLocale = judged.filter((one) => locale === null || one.locale === locale);
  const members = ofLocale.filter((one) => outcome === null || one.outcome === outcome);
  const isBilled = members.some(({ isBillable }) => isBillable);
  return {
    outcome,
    locale,
    agreement: agreementOf(members.flatMap(({ labels }) => labels), nMin),
    precision: isBilled ? precisionOf(members, nMin) : null,
    recall: isBilled ? recallOf(ofLocale, outcome, nMin) : null,
  };
}

function otherQuestionsOf(reviewed: readonly ReviewedItem[], nMin: number): ReviewReport['otherQuestions'] {
  const asked = new Map(reviewed.flatMap(({ questions }) => questions.filter((one) => one.id !== measuredQuestionOf(questions).id).map(({ id, ask }) => [id, ask])));
  return [...asked].map(([question, ask]) => {
    const askers = reviewed.filter(({ questions }) => questions.some(({ id }) => id === question) && measuredQuestionOf(questions).id !== question);
    return { question, ask, agreement: agreementOf(askers.flatMap(({ item }) => independentLabels(item.labels.filter((label) => label.question === question))), nMin) };
  });
}

function drawOf({ reasons }: ReviewItem) {
  return reasons.find(({ draw }) => draw !== null)?.draw ?? null;
}

function namesOf(judged: readonly Judged[], name: (one: Judged) => string): string[] {
  return [...new Set(judged.map(name))].sort();
}
