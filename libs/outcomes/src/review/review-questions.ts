import type { Contract, ReviewQuestion } from '../read-contract.js';

/** What is asked where a contract says nothing of review. */
export const BUILT_IN_QUESTION: ReviewQuestion = { id: 'reached', ask: 'Was this outcome reached as decided?', answers: ['yes', 'no', 'unsure'] };

/**
 * What reviewers are asked about a decision: the questions of its contract, or the built-in one. The built-in one comes first where none of
 * the contract's can be answered with yes and no: without it nothing could be measured.
 */
export function questionsOf(contract: Pick<Contract, 'reviewQuestions'> | undefined): readonly ReviewQuestion[] {
  const own = contract?.reviewQuestions ?? [];
  return own.some(measures) ? own : [BUILT_IN_QUESTION, ...own];
}

/** The question whose yes says that the decision is right and whose no that it is wrong: the first that has both answers. */
export function measuredQuestionOf(questions: readonly ReviewQuestion[]): ReviewQuestion {
  return questions.find(measures) ?? BUILT_IN_QUESTION;
}

function measures({ answers }: ReviewQuestion): boolean {
  return answers.includes('yes') && answers.includes('no');
}
