import { PASSAGES, PASSAGE_IDS, type PassageId } from '../northwind/knowledge.js';
import type { ModelClient } from './model-client.js';

const PASSAGES_MAX = 4;

/** The help centre by meaning: passages near a query's vector. The passages' own vectors are fetched once, at first use. */
export class Retrieval {
  readonly #model: string;
  #vectors: Promise<readonly (readonly number[])[]> | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  /** The nearest passages, nearest first; without vectors to compare, the first few as they stand. */
  async nearest(client: ModelClient, query: readonly number[]): Promise<PassageId[]> {
    const vectors = await this.#passageVectors(client);
    return PASSAGE_IDS.map((id, index) => ({ id, nearness: dot(query, vectors[index] ?? []) }))
      .sort((a, b) => b.nearness - a.nearness)
      .slice(0, PASSAGES_MAX)
      .map(({ id }) => id);
  }

  #passageVectors(client: ModelClient): Promise<readonly (readonly number[])[]> {
    this.#vectors ??= client
      .embedUntraced(
        this.#model,
        PASSAGE_IDS.map((id) => PASSAGES[id]),
      )
      .catch(() => {
        // Forgotten, so that the next turn tries again; this one takes the passages as they stand.
        this.#vectors = undefined;
        return [];
      });
    return this.#vectors;
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
