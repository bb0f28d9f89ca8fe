import { formatMicros, sha256Hex, type Micros } from '#platform';
import { mcnemar, normalQuantile } from '#stats';
import type { ExplainedExpression } from '../decision.js';
import { RatedMoney, type MonthMoney } from './rated-money.js';
import type { ReplayedOutcome } from './replay-conversation.js';

/*
 * Compares what two sets of contracts make of the same conversations, one after the other, in memory that does not grow with their number:
 * counts, sums of squares, and the flips whose hash is smallest, which is a random sample that comes out the same each time.
 */

/** How many outcomes there are of a kind, on each side. */
export interface OutcomeShift {
  outcome: string;
  grade: string | null;
  isBillable: boolean;
  reason: string;
  base: number;
  draft: number;
}

export interface FlippedSide {
  outcomes: { episode: number; outcome: string; grade: string | null; isBillable: boolean; reason: string; amount: string; explanation: ExplainedExpression[] }[];
  amount: string;
}

/** A conversation that another contract makes something else of. */
export interface Flip {
  conversationId: string;
  locale: string;
  base: FlippedSide;
  draft: FlippedSide;
}

export interface ReplayMoney {
  base: { currency: string | null; total: string; months: MonthMoney[] };
  draft: { currency: string | null; total: string; months: MonthMoney[] };
  /** Draft less base; null where the two are in different currencies. */
  difference: string | null;
}

/** How sure the difference is, taking the conversations for a sample of those to come. */
export interface ReplayConfidence {
  /** Of the amounts that outcomes have by themselves, per conversation; null where there are fewer than two or the currencies differ. */
  perConversation: { difference: number; low: number; high: number; level: 0.95 } | null;
  /** Conversations that only one of the two bills. */
  baseOnly: number;
  draftOnly: number;
  /** Of McNemar's test, two-sided: how often a difference as large comes by chance alone where neither bills more than the other. */
  pValue: number;
}

export interface ReplayResult {
  conversations: number;
  outcomes: OutcomeShift[];
  money: ReplayMoney;
  flips: { count: number; sample: Flip[] };
  confidence: ReplayConfidence;
}

export class ReplayComparison {
  readonly #shifts = new Map<string, OutcomeShift>();
  readonly #money = { base: new RatedMoney(), draft: new RatedMoney() };
  readonly #currencies = { base: new Set<string>(), draft: new Set<string>() };
  readonly #sample: { hash: string; flip: Flip }[] = [];
  #conversations = 0;
  #flips = 0;
  #only = { base: 0, draft: 0 };
  // Of the differences in units of the currency.
  #sum = 0;
  #sumOfSquares = 0;

  constructor(private readonly sampleSize: number) {}

  add(conversationId: string, base: readonly ReplayedOutcome[], draft: readonly ReplayedOutcome[]): void {
    if (base.length === 0 && draft.length === 0) return;
    this.#conversations++;
    this.#count('base', base);
    this.#count('draft', draft);
    const difference = Number(amountOf(draft) - amountOf(base)) / 1e6;
    this.#sum += difference;
    this.#sumOfSquares += difference * difference;
    const [isBilledBefore, isBilledAfter] = [base, draft].map((side) => side.some(({ isBillable }) => isBillable));
    if (isBilledBefore && !isBilledAfter) this.#only.base++;
    if (!isBilledBefore && isBilledAfter) this.#only.draft++;
    if (billedAs(base) !== billedAs(draft)) this.#keepFlip(conversationId, base, draft);
  }

  result(): ReplayResult {
    return { conversations: this.#conversations, outcomes: this.#outcomes(), money: this.#moneyOf(), flips: { count: this.#flips, sample: this.#sample.map(({ flip }) => flip) }, confidence: this.#confidence() };
  }

  #count(side: 'base' | 'draft', outcomes: readonly ReplayedOutcome[]): void {
    for (const given of outcomes) {
      const { outcome, grade, isBillable, reason } = given;
      const key = JSON.stringify([outcome, grade, isBillable, reason]);
      const shift = this.#shifts.get(key) ?? { outcome, grade, isBillable, reason, base: 0, draft: 0 };
      shift[side]++;
      this.#shifts.set(key, shift);
      this.#money[side].add(given);
      if (isBillable) this.#currencies[side].add(given.currency);
    }
  }

  #keepFlip(conversationId: string, base: readonly ReplayedOutcome[], draft: readonly ReplayedOutcome[]): void {
    this.#flips++;
    const hash = sha256Hex(conversationId);
    if (this.#sample.length >= this.sampleSize && hash >= (this.#sample.at(-1)?.hash ?? '')) return;
    this.#sample.push({ hash, flip: { conversationId, locale: (draft[0] ?? base[0])?.locale ?? '', base: sideOf(base), draft: sideOf(draft) } });
    this.#sample.sort((a, b) => (a.hash < b.hash ? -1 : 1));
    if (this.#sample.length > this.sampleSize) this.#sample.pop();
  }

  #outcomes(): OutcomeShift[] {
    const text = ({ outcome, grade, reason }: OutcomeShift) => `${outcome} ${grade ?? ''} ${reason}`;
    return [...this.#shifts.values()].sort((a, b) => Number(b.isBillable) - Number(a.isBillable) || (text(a) < text(b) ? -1 : 1));
  }

  #moneyOf(): ReplayMoney {
    const side = (name: 'base' | 'draft') => ({ currency: this.#currencyOf(name), total: formatMicros(this.#money[name].totalMicros), months: this.#money[name].byMonth() });
    return { base: side('base'), draft: side('draft'), difference: this.#isComparable ? formatMicros(this.#money.draft.totalMicros - this.#money.base.totalMicros) : null };
  }

  #confidence(): ReplayConfidence {
    const { base: baseOnly, draft: draftOnly } = this.#only;
    return { perConversation: this.#isComparable ? this.#interval() : null, baseOnly, draftOnly, pValue: mcnemar(baseOnly, draftOnly) };
  }

  // A mean and its standard error over independent conversations; with few of them the true level is somewhat lower.
  #interval(): ReplayConfidence['perConversation'] {
    const n = this.#conversations;
    if (n < 2) return null;
    const difference = this.#sum / n;
    const variance = Math.max(0, (this.#sumOfSquares - n * difference * difference) / (n - 1));
    const half = normalQuantile(0.975) * Math.sqrt(variance / n);
    return { difference, low: difference - half, high: difference + half, level: 0.95 };
  }

  #currencyOf(side: 'base' | 'draft'): string | null {
    const [currency = null, ...others] = this.#currencies[side];
    return others.length > 0 ? null : currency;
  }

  get #isComparable(): boolean {
    return new Set([...this.#currencies.base, ...this.#currencies.draft]).size <= 1;
  }
}

function amountOf(outcomes: readonly ReplayedOutcome[]): Micros {
  return outcomes.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}

/** What of a conversation a statement would show. */
function billedAs(outcomes: readonly ReplayedOutcome[]): string {
  return JSON.stringify(outcomes.filter(({ isBillable }) => isBillable).map(({ outcome, grade, amountMicros, currency }) => [outcome, grade, String(amountMicros), currency]));
}

function sideOf(outcomes: readonly ReplayedOutcome[]): FlippedSide {
  return {
    outcomes: outcomes.map(({ episode, outcome, grade, isBillable, reason, amountMicros, explanation }) => ({ episode, outcome, grade, isBillable, reason, amount: formatMicros(amountMicros), explanation })),
    amount: formatMicros(amountOf(outcomes)),
  };
}
