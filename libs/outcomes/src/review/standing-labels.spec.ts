import { describe, expect, it } from '@jest/globals';
import { label } from '../testing/review-items.js';
import { independentLabels, standingLabels } from './standing-labels.js';

const said = (labels: readonly { labeller: string; answer: string }[]) => labels.map(({ labeller, answer }) => `${labeller}: ${answer}`);

describe('standingLabels', () => {
  it('takes the last of each labeller, whatever the order they come in, and none that was taken back', () => {
    const labels = [label('d', 'Anna', 'yes'), label('d', 'Ben', 'yes'), label('d', 'Anna', 'no'), label('d', 'Ben', null), label('d', 'Cleo', null), label('d', 'Cleo', 'unsure')];
    expect(said(standingLabels([...labels].reverse())).sort()).toEqual(['Anna: no', 'Cleo: unsure']);
    expect(standingLabels([label('d', 'Anna', 'yes'), label('e', 'Anna', 'no'), label('d', 'Anna', 'no', { question: 'polite' })])).toHaveLength(3);
  });
});

describe('independentLabels', () => {
  it('leaves out what was said after the labels of others were seen', () => {
    const labels = [label('d', 'Anna', 'yes'), label('d', 'Ben', 'no'), label('d', 'Ben', 'yes', { sawOthers: true })];
    expect(said(standingLabels(labels))).toEqual(['Anna: yes', 'Ben: yes']);
    expect(said(independentLabels(labels))).toEqual(['Anna: yes', 'Ben: no']);
  });

  it('trusts nobody again who took the answer back after seeing them, and everybody on another decision', () => {
    const labels = [label('d', 'Ben', 'no'), label('d', 'Ben', null, { sawOthers: true }), label('d', 'Ben', 'yes'), label('e', 'Ben', 'unsure')];
    expect(said(independentLabels(labels))).toEqual(['Ben: no', 'Ben: unsure']);
  });

  it('lets a slip be corrected that nobody has seen', () => {
    expect(said(independentLabels([label('d', 'Ben', 'no'), label('d', 'Ben', null), label('d', 'Ben', 'yes')]))).toEqual(['Ben: yes']);
  });
});
