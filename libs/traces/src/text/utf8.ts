const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 to a string; a byte order mark is a character like any other, as it is in JSON. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return UTF8.decode(bytes.subarray(start, end));
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte > 127) return UTF8.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

// A character has at most three bytes after its first.
const BYTES_BACK_MAX = 3;

/**
 * The start of the UTF-8 character that the byte at a position belongs to: a cut there leaves no half character. In what is no UTF-8 there
 * is none, and the position itself is given back: a sender's broken text must not lead out of its range.
 */
export function characterStart(bytes: Uint8Array, position: number): number {
  for (let at = position; at >= 0 && position - at <= BYTES_BACK_MAX; at--) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  return position;
}
