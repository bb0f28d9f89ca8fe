import { sha256Hex } from '#platform';

const EMBEDDING_DIMENSIONS = 32;

/** A unit vector of hashed words: texts that share words are close, which is all that retrieval over a few passages needs. */
export function embedText(text: string): Float32Array {
  const vector = new Float32Array(EMBEDDING_DIMENSIONS);
  for (const word of text.toLowerCase().match(/\p{L}{3,}/gu) ?? []) {
    const hash = Number.parseInt(sha256Hex(word).slice(0, 8), 16);
    const index = hash % EMBEDDING_DIMENSIONS;
    vector[index] = (vector[index] ?? 0) + (hash < 2 ** 31 ? 1 : -1);
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
