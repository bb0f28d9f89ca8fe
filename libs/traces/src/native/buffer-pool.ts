const KEPT_BYTES_MIN = 16 * 1024;

/**
 * Large buffers that are used again. Each new one is memory that V8 counts and collects: at a hundred a second its collector took as much
 * time as reading the spans. Sizes are powers of two; what is given back beyond `keptBytesMax` is left to the collector.
 */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  constructor(private readonly keptBytesMax: number) {}

  /** A buffer of this length; what is in it is left over from before. */
  take(length: number): Buffer {
    if (length < KEPT_BYTES_MIN) return Buffer.allocUnsafe(length);
    const size = 2 ** Math.ceil(Math.log2(length));
    const found = this.#free.get(size)?.pop();
    if (!found) return Buffer.from(new ArrayBuffer(size), 0, length);
    this.#keptBytes -= size;
    return Buffer.from(found.buffer, 0, length);
  }

  /** Nobody may look at the buffer, or at a part of it, from here on. */
  give(buffer: Buffer): void {
    const size = buffer.buffer.byteLength;
    // Small ones come from Node's own pool and are not ours to give.
    if (buffer.length < KEPT_BYTES_MIN || buffer.byteOffset !== 0 || this.#keptBytes + size > this.keptBytesMax) return;
    const free = this.#free.get(size);
    if (free) free.push(buffer);
    else this.#free.set(size, [buffer]);
    this.#keptBytes += size;
  }
}
