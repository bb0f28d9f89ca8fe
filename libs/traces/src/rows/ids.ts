/** Copies an id of the right length; of another length only the length is kept, by which the span is refused. */
export function copyId(target: Buffer, source: Uint8Array, start: number, end: number): number {
  if (end - start === target.length) for (let at = 0; at < target.length; at++) target[at] = source[start + at] as number;
  return end - start;
}

/** Whether an id is none: OTLP has one of zeros alone for invalid. */
export function isZero(id: Uint8Array): boolean {
  for (const byte of id) if (byte !== 0) return false;
  return true;
}
