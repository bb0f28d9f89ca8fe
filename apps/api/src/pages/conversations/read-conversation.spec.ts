import { describe, expect, it } from '@jest/globals';
import type { Decision } from '#outcomes';
import type { ConversationSignalRow } from '#traces';
import { groupByEpisode, readTurns } from './read-conversation.js';
import { spanRow } from './span-row.fixture.js';

const signal = (traceId: string, name: string) => ({ trace_id: traceId, own_conversation_id: '', name }) as ConversationSignalRow;
const decision = (episode: number, revision: number, ...traceIds: string[]) => ({ episode, revision, evidence: { traceIds, signalIds: [] } }) as unknown as Decision;

describe('readTurns', () => {
  it('orders turns by their start; a turn is a trace unless the sender names it', () => {
    const turns = readTurns(
      [
        spanRow('later', '', 900, 950, { trace_id: 't3' }),
        spanRow('a', '', 500, 600, { trace_id: 't1', turn_id: 'turn' }),
        spanRow('b', '', 100, 200, { trace_id: 't2', turn_id: 'turn' }),
      ],
      [signal('t2', 'csat'), signal('t3', 'confirmed'), signal('t9', 'of another conversation')],
    );
    expect(turns.map(({ number, traceIds, startedAt, signals }) => [number, traceIds, startedAt.getTime(), signals.map(({ name }) => name)])).toEqual([
      [1, ['t1', 't2'], 100, ['csat']],
      [2, ['t3'], 900, ['confirmed']],
    ]);
  });
});

describe('a signal of no turn', () => {
  const spans = [spanRow('a', '', 100, 200, { trace_id: 't1' }), spanRow('b', '', 500, 600, { trace_id: 't2' })];
  const shown = (name: string, ms: number) => ({ ...signal('', name), own_conversation_id: 'c-1', at_ns: String(ms * 1_000_000) });

  it('is shown with the last turn that had begun, or the first', () => {
    const turns = readTurns(spans, [shown('early', 50), shown('between', 499), shown('late', 500), signal('t9', 'of another trace')]);
    expect(turns.map(({ signals }) => signals.map(({ name }) => name))).toEqual([['early', 'between'], ['late']]);
  });
});

describe('groupByEpisode', () => {
  const turns = readTurns([spanRow('a', '', 1, 2, { trace_id: 't1' }), spanRow('b', '', 3, 4, { trace_id: 't2' }), spanRow('c', '', 5, 6, { trace_id: 't3' })], []);
  const shape = (history: Decision[]) =>
    groupByEpisode(turns, history).map((episode) => [episode.decision?.episode ?? null, episode.decision?.revision ?? null, episode.earlier.map((each) => each.revision), episode.turns.map((turn) => turn.number)]);

  it('puts each turn into the episode that its trace is evidence of, under the revision that stands', () => {
    expect(shape([decision(1, 1, 't1'), decision(1, 2, 't1', 't2'), decision(2, 1, 't3')])).toEqual([
      [1, 2, [1], [1, 2]],
      [2, 1, [], [3]],
    ]);
  });

  it('keeps what no decision has seen apart, at the end', () => {
    expect(shape([decision(1, 1, 't1')])).toEqual([
      [1, 1, [], [1]],
      [null, null, [], [2, 3]],
    ]);
    expect(shape([])).toEqual([[null, null, [], [1, 2, 3]]]);
  });
});
