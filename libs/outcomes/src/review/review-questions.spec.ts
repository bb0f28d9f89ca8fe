import { describe, expect, it } from '@jest/globals';
import { contractWith } from '../testing/contracts.js';
import { BUILT_IN_QUESTION, measuredQuestionOf, questionsOf, verdictOf } from './review-questions.js';

const polite = { id: 'polite', ask: 'Was it polite?', answers: ['very', 'hardly'] };
const right = { id: 'right', ask: 'Was it right?', answers: ['yes', 'no', 'unsure'] };
const [billable, notBillable] = [{ isBillable: true }, { isBillable: false }];
const contract = (...reviewQuestions: (typeof polite)[]) => ({ ...contractWith(), reviewQuestions });

describe('questionsOf', () => {
  it('asks what the contract asks, and always something that measures', () => {
    expect(questionsOf(undefined, billable)).toEqual([BUILT_IN_QUESTION]);
    expect(questionsOf(contract(), billable)).toEqual([BUILT_IN_QUESTION]);
    expect(questionsOf(contract(polite), billable)).toEqual([BUILT_IN_QUESTION, polite]);
    expect(questionsOf(contract(polite, right), billable)).toEqual([polite, right]);
    expect(measuredQuestionOf([polite, right])).toBe(right);
  });

  it('asks of what bills nothing which outcome of the contract was missed', () => {
    const questions = questionsOf(contract(polite, right), notBillable);
    expect(questions).toEqual([{ id: 'missed_outcome', ask: expect.stringContaining('if any'), answers: ['none', 'refunded', 'resolved', 'unsure'] }, polite]);
    expect(measuredQuestionOf(questions)).toBe(questions[0]);
    expect(questionsOf(undefined, notBillable)).toMatchObject([{ answers: ['none', 'unsure'] }]);
  });
});

describe('verdictOf', () => {
  it('says whether the decision is right, whichever question it is by', () => {
    expect(['yes', 'no', 'unsure'].map((answer) => verdictOf('right', answer))).toEqual(['yes', 'no', 'unsure']);
    expect(['none', 'refunded', 'unsure'].map((answer) => verdictOf('missed_outcome', answer))).toEqual(['yes', 'no', 'unsure']);
  });
});
