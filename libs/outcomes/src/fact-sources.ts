import type { ConversationSignalRow, ConversationSpanRow } from '#traces';
import { FACT_ITEMS_MAX, inOrder, isAsk, isConfirmation, isOfPerson, isYes, ratingOf, signalFact, verdictFact, type EpisodeRows, type Facts } from './facts.js';

/** A signal or a span that something was found in. */
export interface EvidenceRef {
  kind: 'signal' | 'span';
  id: string;
  /** '' for a signal without one. */
  traceId: string;
}

type ListFact = 'tool_calls' | 'signals' | 'verdicts';

/** Where facts come from. Apart from them: decisions are compared by the hash of the facts, and an id is none. */
export interface FactSources {
  /** Of each element, in the order of the list. */
  elements: Record<ListFact, readonly EvidenceRef[]>;
  /** Of what is summed up; nothing where it follows from the absence of something, or from spans as a whole. */
  summed: Partial<Record<keyof Facts, readonly EvidenceRef[]>>;
}

/** Parallel to `factsOf`: the same rows give the same elements in the same order. */
export function sourcesOf(rows: EpisodeRows): FactSources {
  const { spans, signals } = inOrder(rows);
  const observed = signals.filter(({ kind }) => kind === 'signal');
  const verdicts = signals.filter(({ kind }) => kind === 'verdict');
  const handoff = signals.filter(({ kind }) => kind === 'handoff').slice(0, 1).map(refOfSignal);
  const rated = observed.filter((row) => ratingOf(signalFact(row)) !== null).map(refOfSignal);
  const said = (name: string) => [...observed.filter((row) => row.name === name && isYes(row)), ...verdicts.filter((row) => row.name === name && verdictFact(row).passed)].map(refOfSignal);
  return {
    elements: {
      tool_calls: spans.filter(({ tool }) => tool !== '').slice(0, FACT_ITEMS_MAX).map(refOfSpan),
      signals: observed.slice(0, FACT_ITEMS_MAX).map(refOfSignal),
      verdicts: verdicts.slice(0, FACT_ITEMS_MAX).map(refOfSignal),
    },
    summed: {
      handed_off: handoff,
      handoff_reason: handoff,
      asked_for_person: observed.filter(isAsk).map(refOfSignal),
      human_involved: [...handoff, ...observed.filter(isOfPerson).map(refOfSignal)],
      confirmed: observed.filter(isConfirmation).map(refOfSignal),
      csat: rated.slice(-1),
      ratings: rated,
      is_spam: said('spam'),
      is_abuse: said('abuse'),
      is_internal_user: said('internal_user'),
      is_duplicate_contact: said('duplicate_contact'),
      ended: signals.filter(({ kind }) => kind === 'end').map(refOfSignal),
    },
  };
}

function refOfSignal({ signal_id: id, trace_id: traceId }: ConversationSignalRow): EvidenceRef {
  return { kind: 'signal', id, traceId };
}

function refOfSpan({ span_id: id, trace_id: traceId }: ConversationSpanRow): EvidenceRef {
  return { kind: 'span', id, traceId };
}
