import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8's old space grow to five times what is alive before it is collected. Bodies and blocks are memory outside of its heap, and V8 answers
 * their coming and going with a collection of everything, five times a second, though hardly 40 MB are alive: 5.0 microseconds of CPU a span
 * went into that, 1.5 do so now (bench/ingest), at the same peak of memory.
 */
export function tuneHeap(): void {
  setFlagsFromString('--heap-growing-percent=400');
}
