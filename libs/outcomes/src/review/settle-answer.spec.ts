import { describe, expect, it } from '@jest/globals';
import { adjudication, label } from '../testing/review-items.js';
import { isDisputedAmongLabellers, settleAnswer } from './settle-answer.js';

const labels = (...answers: (string | null)[]) => answers.map((answer, index) => label('d', `labeller ${index}`, answer));

describe('settleAnswer', () => {
  it.each([
    ['nobody', [], { kind: 'unlabelled' }],
    ['one', ['no'], { kind: 'majority', answer: 'no' }],
    ['two who agree', ['yes', 'yes'], { kind: 'majority', answer: 'yes' }],
    ['two who differ', ['yes', 'no'], { kind: 'undecided' }],
    ['most, but not more than half', ['yes', 'yes', 'no', 'unsure'], { kind: 'undecided' }],
    ['two of three', ['yes', 'no', 'no'], { kind: 'majority', answer: 'no' }],
    ['one who took it back', ['yes', null], { kind: 'majority', answer: 'yes' }],
    ['all who are unsure', ['unsure', 'unsure'], { kind: 'majority', answer: 'unsure' }],
  ])('%s', (_who, answers, settled) => {
    expect(settleAnswer('reached', labels(...answers), [])).toEqual(settled);
  });

  it('is what was adjudicated, against any majority; the last one, of that question', () => {
    const adjudications = [adjudication('d', 'yes'), adjudication('d', 'no'), adjudication('d', 'yes', { question: 'polite' })];
    expect(settleAnswer('reached', labels('yes', 'yes'), adjudications)).toEqual({ kind: 'adjudicated', answer: 'no' });
    expect(settleAnswer('reached', labels('yes', 'yes'), adjudications.slice(2))).toEqual({ kind: 'majority', answer: 'yes' });
  });
});

describe('isDisputedAmongLabellers', () => {
  it('is where standing labels differ and nothing is settled', () => {
    expect(isDisputedAmongLabellers('reached', labels('yes', 'no'), [])).toBe(true);
    expect(isDisputedAmongLabellers('reached', labels('yes', 'no', 'no'), [])).toBe(true);
    expect(isDisputedAmongLabellers('reached', labels('yes', 'yes', null), [])).toBe(false);
    expect(isDisputedAmongLabellers('reached', labels('yes', 'no'), [adjudication('d', 'no')])).toBe(false);
  });
});
