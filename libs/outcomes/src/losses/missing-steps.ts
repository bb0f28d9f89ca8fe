import type { Micros } from '#platform';
import type { ConversationSignalRow } from '#traces';

/** An episode in which the agent gave the conversation to a person, and that earned nothing. */
export interface HandedOver {
  conversationId: string;
  startedAt: Date;
  /** When the next episode of the conversation began, in which the agent had it again; null where there is none. */
  followedAt: Date | null;
  customerId: string;
  currency: string;
  handoffReason: string;
  /** What it would have earned; null where nothing says. */
  lostMicros: Micros | null;
}

/** Something that people did after the agent had given up: a tool that it lacks, or knowledge. */
export interface MissingStep {
  /** Name of the signal; null for episodes of which nothing was observed after the hand-off: these are gathered by the reason that it gave. */
  step: string | null;
  /** Who was observed to do it: `human` or `system`. */
  sources: string[];
  currency: string;
  episodes: number;
  /** Of the episodes of which it is known. An episode with several steps is in each of them. */
  lostMicros: Micros;
  /** Episodes of which it is not. */
  unknownLosses: number;
  /** Why the agent gave them up, most frequent first. */
  handoffReasons: { reason: string; count: number }[];
  /** Conversations of some of the episodes. */
  examples: string[];
}

const EXAMPLES_MAX = 5;
const NS_PER_MS = 1_000_000n;

/**
 * Gathers what was done after hand-offs, until the agent had the conversation again, episode by episode, in memory that grows with the number of different steps alone. What the
 * agent or the customer says after a hand-off is no step: they are who could not, and who waits.
 */
export class MissingSteps {
  readonly #steps = new Map<string, Omit<MissingStep, 'sources' | 'handoffReasons'> & { sources: Set<string>; reasons: Map<string, number> }>();

  /** @param signals everything observed in the conversation, oldest first */
  add(episode: HandedOver, signals: readonly ConversationSignalRow[]): void {
    const [fromMs, toMs] = [episode.startedAt.getTime(), episode.followedAt?.getTime() ?? Infinity];
    const observed = signals.filter(({ at_ns: atNs }) => isBetween(Number(BigInt(atNs) / NS_PER_MS), fromMs, toMs));
    const handoff = observed.find(({ kind }) => kind === 'handoff');
    const isStep = ({ kind, source }: ConversationSignalRow) => kind === 'signal' && (source === 'human' || source === 'system');
    // At the same moment too: an agent may report both in one span.
    const after = handoff ? observed.filter((signal) => isStep(signal) && BigInt(signal.at_ns) >= BigInt(handoff.at_ns)) : [];
    const byName = Map.groupBy(after, ({ name }) => name);
    if (byName.size === 0) this.#count(null, [], episode);
    for (const [name, done] of byName) this.#count(name, done.map(({ source }) => source), episode);
  }

  /** The most expensive first; of the same price the most frequent. */
  result(): MissingStep[] {
    return [...this.#steps.values()]
      .map(({ sources, reasons, ...step }) => ({
        ...step,
        sources: [...sources].sort(),
        handoffReasons: [...reasons].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)),
      }))
      .sort((a, b) => compare(b.lostMicros, a.lostMicros) || b.episodes - a.episodes || ((a.step ?? '') < (b.step ?? '') ? -1 : 1));
  }

  #count(name: string | null, sources: readonly string[], { conversationId, currency, handoffReason, lostMicros }: HandedOver): void {
    const key = JSON.stringify([name, currency, name === null ? handoffReason : '']);
    const step = this.#steps.get(key) ?? { step: name, sources: new Set<string>(), currency, episodes: 0, lostMicros: 0n, unknownLosses: 0, reasons: new Map<string, number>(), examples: [] };
    this.#steps.set(key, step);
    step.episodes++;
    if (lostMicros === null) step.unknownLosses++;
    else step.lostMicros += lostMicros;
    for (const source of sources) step.sources.add(source);
    step.reasons.set(handoffReason, (step.reasons.get(handoffReason) ?? 0) + 1);
    if (step.examples.length < EXAMPLES_MAX && !step.examples.includes(conversationId)) step.examples.push(conversationId);
  }
}

function isBetween(ms: number, fromMs: number, toMs: number): boolean {
  return ms >= fromMs && ms < toMs;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
