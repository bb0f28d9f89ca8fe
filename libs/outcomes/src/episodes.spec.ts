import { describe, expect, it } from '@jest/globals';
import { splitEpisodes } from './episodes.js';
import type { EpisodeRows } from './facts.js';
import { childRow, nanoseconds, signalRow, spanRow } from './testing/episode-rows.js';

const HOUR_MS = 3_600_000;
const WINDOWS = { quietWindowMs: HOUR_MS, longestEpisodeMs: 30 * 24 * HOUR_MS };
const LATER = new Date('2026-11-09T00:00:00Z');

/** Each episode as its traces, with a star where it is over. */
function cut(rows: Partial<EpisodeRows>, now = LATER, { quietWindowMs, longestEpisodeMs } = WINDOWS): string[] {
  return splitEpisodes({ spans: [], signals: [], ...rows }, { quietWindowMs, longestEpisodeMs }, now).map(({ number, spans, isOver }) => {
    const traces = [...new Set(spans.map((span) => span.trace_id))].join('+');
    return `${number}:${traces}${isOver ? '*' : ''}`;
  });
}

// A span of spanRow lasts a second.
const at = (time: string) => `2026-11-02T${time}Z`;

describe('splitEpisodes', () => {
  it('holds a single turn, and nothing where there is nothing', () => {
    expect(cut({ spans: [spanRow('a', at('09:00:00'))] })).toEqual(['1:a*']);
    expect(cut({})).toEqual([]);
  });

  it('begins a new episode after a pause of exactly the window, not a nanosecond before', () => {
    expect(cut({ spans: [spanRow('a', at('09:00:00')), spanRow('b', at('10:00:01'))] })).toEqual(['1:a*', '2:b*']);
    const early = spanRow('b', at('10:00:00'), { started_at_ns: (BigInt(nanoseconds(at('10:00:01'))) - 1n).toString(), ended_at_ns: nanoseconds(at('10:00:02')) });
    expect(cut({ spans: [spanRow('a', at('09:00:00')), early] })).toEqual(['1:a+b*']);
  });

  it('measures the pause from the latest end, not from the end of the turn before', () => {
    const long = spanRow('a', at('09:00:00'), { ended_at_ns: nanoseconds(at('11:00:00')) });
    expect(cut({ spans: [long, spanRow('b', at('09:10:00')), spanRow('c', at('11:59:59'))] })).toEqual(['1:a+b+c*']);
  });

  describe('that is never quiet', () => {
    // A turn every 54 minutes, a second long.
    const spans = Array.from({ length: 48 }, (_, index) => spanRow(`t${index}`, new Date(Date.parse(at('00:00:00')) + index * HOUR_MS * 0.9).toISOString()));

    it('is one episode for as long as one may be', () => {
      expect(cut({ spans })).toHaveLength(1);
    });

    it('is cut there, between turns and never within one', () => {
      // Twelve turns begin within ten hours: the twelfth after 9:54.
      const windows = { ...WINDOWS, longestEpisodeMs: 10 * HOUR_MS };
      expect(cut({ spans }, LATER, windows).map((episode) => episode.split('+').length)).toEqual([12, 12, 12, 12]);
      const long = spanRow('a', at('00:00:00'), { ended_at_ns: nanoseconds(at('23:00:00')) });
      expect(cut({ spans: [long] }, LATER, windows)).toEqual(['1:a*']);
      expect(cut({ spans: [long, spanRow('b', at('09:59:59')), spanRow('c', at('10:00:00'))] }, LATER, windows)).toEqual(['1:a+b*', '2:c*']);
    });

    it('is over when it is as long as one may be, though the next turn is not there yet', () => {
      const windows = { quietWindowMs: 10 * HOUR_MS, longestEpisodeMs: 10 * HOUR_MS };
      const rows = { spans: [spanRow('a', at('09:00:00')), spanRow('b', at('18:00:00'))], signals: [] };
      expect(splitEpisodes(rows, windows, new Date(at('18:59:59.999')))[0]).toMatchObject({ isOver: false, overAt: new Date(at('19:00:00')) });
      expect(splitEpisodes(rows, windows, new Date(at('19:00:00')))[0]).toMatchObject({ isOver: true });
    });
  });

  it('is over once it has been quiet for the window, to the millisecond', () => {
    const rows = { spans: [spanRow('a', at('09:00:00'))], signals: [] };
    expect(cut(rows, new Date(at('10:00:00.999')))).toEqual(['1:a']);
    expect(cut(rows, new Date(at('10:00:01.000')))).toEqual(['1:a*']);
    const [episode] = splitEpisodes(rows, WINDOWS, LATER);
    expect(episode).toMatchObject({ startedAt: new Date(at('09:00:00')), lastActivityAt: new Date(at('09:00:01')), overAt: new Date(at('10:00:01')) });
  });

  it('is due at the first millisecond at which it is over, when it ended between two', () => {
    const rows = { spans: [spanRow('a', at('09:00:00'), { ended_at_ns: nanoseconds(at('09:00:01.000'), 1n) })], signals: [] };
    const overAt = splitEpisodes(rows, WINDOWS, LATER)[0]?.overAt;
    expect(overAt).toEqual(new Date(at('10:00:01.001')));
    expect(cut(rows, new Date(at('10:00:01.000')))).toEqual(['1:a']);
    expect(cut(rows, overAt)).toEqual(['1:a*']);
  });

  it('ends at once where the sender says so, and a return begins the next', () => {
    const end = signalRow('b', at('09:05:00.500'), { kind: 'end' });
    const spans = [spanRow('a', at('09:00:00')), spanRow('b', at('09:05:00')), spanRow('c', at('09:05:02'))];
    const now = new Date(at('09:05:03'));
    expect(cut({ spans: spans.slice(0, 2), signals: [end] }, now)).toEqual(['1:a+b*']);
    expect(cut({ spans, signals: [end] }, now)).toEqual(['1:a+b*', '2:c']);
  });

  it('puts a late span where its trace is, and a late turn where its time is', () => {
    const spans = [spanRow('a', at('09:00:00')), spanRow('b', at('12:00:00'))];
    expect(cut({ spans: [...spans, childRow('a', at('09:00:00.500'), 'late')] })).toEqual(['1:a*', '2:b*']);
    expect(cut({ spans: [...spans, spanRow('late', at('09:30:00'))] })).toEqual(['1:a+late*', '2:b*']);
    expect(cut({ spans: [...spans, spanRow('late', at('09:50:00')), spanRow('later', at('10:40:00')), spanRow('latest', at('11:30:00'))] })).toEqual(['1:a+late+later+latest+b*']);
  });

  it('gives each episode the signals of its turns; one whose span has not come waits', () => {
    const signals = [signalRow('a', at('09:00:00'), { kind: 'signal', name: 'x' }), signalRow('b', at('12:00:00'), { kind: 'signal', name: 'y' }), signalRow('z', at('09:00:00'), { kind: 'handoff' })];
    const episodes = splitEpisodes({ spans: [spanRow('b', at('12:00:00')), spanRow('a', at('09:00:00'))], signals }, WINDOWS, LATER);
    expect(episodes.map((episode) => episode.signals.map((signal) => signal.name))).toEqual([['x'], ['y']]);
  });

  describe('a signal that names the conversation and is of no turn', () => {
    const own = (time: string, given: Parameters<typeof signalRow>[2], traceId = '') => signalRow(traceId, at(time), { own_conversation_id: 'c-1', ...given });
    const spans = [spanRow('a', at('09:00:00')), spanRow('b', at('12:00:00'))];
    const namesOf = (...signals: ReturnType<typeof own>[]) => splitEpisodes({ spans, signals }, WINDOWS, LATER).map((episode) => episode.signals.map((signal) => signal.name));

    it('is in the episode of the last turn that had begun, or of the first', () => {
      const signals = ['08:59:59', '09:00:00', '11:59:59', '12:00:00', '23:00:00'].map((time) => own(time, { kind: 'signal', name: time }));
      expect(namesOf(...signals)).toEqual([['08:59:59', '09:00:00', '11:59:59'], ['12:00:00', '23:00:00']]);
    });

    it('may have a trace that is none of the turns, such as that of the request that a customer rated with', () => {
      expect(namesOf(own('09:30:00', { kind: 'signal', name: 'x' }, 'elsewhere'))).toEqual([['x'], []]);
      expect(namesOf(own('09:30:00', { kind: 'signal', name: 'x' }, 'b'))).toEqual([[], ['x']]);
    });

    it('ends the turn that it falls into, and no earlier one', () => {
      const close = [spanRow('a', at('09:00:00')), spanRow('b', at('09:05:00')), spanRow('c', at('09:10:00'))];
      const now = new Date(at('09:10:30'));
      expect(cut({ spans: close, signals: [own('09:06:00', { kind: 'end' })] }, now)).toEqual(['1:a+b*', '2:c']);
      expect(cut({ spans: close, signals: [own('09:10:20', { kind: 'end' })] }, now)).toEqual(['1:a+b+c*']);
    });

    it('is nowhere while there is no turn', () => {
      expect(cut({ signals: [own('09:00:00', { kind: 'end' })] })).toEqual([]);
    });
  });
});
