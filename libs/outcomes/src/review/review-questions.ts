import type { Contract, ReviewQuestion } from '../read-contract.js';
import { MISSED_OUTCOME, NOTHING_MISSED, UNSURE } from './missed-outcome.js';

/** What is asked where a contract says nothing of review. */
export const BUILT_IN_QUESTION: ReviewQuestion = { id: 'reached', ask: 'Was this outcome reached as decided?', answers: ['yes', 'no', 'unsure'] };

/**
 * What reviewers are asked about a decision. Of one that bills an outcome the questions of its contract, or the built-in one, which comes first
 * where none of the contract's can be answered with yes and no: without it nothing could be measured. Of one that bills nothing, which
 * outcome was missed, in the place of those: a no would not say which policy missed it.
 */
export function questionsOf(contract: Pick<Contract, 'reviewQuestions' | 'policies'> | undefined, { isBillable }: { isBillable: boolean }): readonly ReviewQuestion[] {
  const own = contract?.reviewQuestions ?? [];
  if (!isBillable) return [missedQuestion(contract?.policies ?? []), ...own.filter((question) => !isYesOrNo(question))];
  return own.some(isYesOrNo) ? own : [BUILT_IN_QUESTION, ...own];
}

/** The question whose answer says whether the decision is right. */
export function measuredQuestionOf(questions: readonly ReviewQuestion[]): ReviewQuestion {
  return questions.find((question) => question.id === MISSED_OUTCOME || isYesOrNo(question)) ?? BUILT_IN_QUESTION;
}

/** Whether a decision is right by an answer to the question that measures: `yes`, `no`, or what else was answered. */
export function verdictOf(question: string, answer: string): string {
  if (question !== MISSED_OUTCOME || answer === UNSURE) return answer;
  return answer === NOTHING_MISSED ? 'yes' : 'no';
}

function missedQuestion(policies: Contract['policies']): ReviewQuestion {
  const outcomes = new Set(policies.map(({ outcome }) => outcome));
  return { id: MISSED_OUTCOME, ask: 'Which outcome was reached and should be billed, if any?', answers: [NOTHING_MISSED, ...outcomes, UNSURE] };
}

function isYesOrNo({ answers }: ReviewQuestion): boolean {
  return answers.includes('yes') && answers.includes('no');
}
