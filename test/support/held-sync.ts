import { open, type FileHandle } from 'node:fs/promises';

/** Holds every fdatasync of this process until it is let go, or makes it fail: what a disk does that hangs or breaks. */
export class HeldSync {
  #waiting: (() => void)[] = [];
  #onCall: () => void = () => undefined;
  readonly #called: Promise<void>;

  private constructor(
    private readonly prototype: FileHandle,
    private readonly original: FileHandle['datasync'],
    private readonly failure: Error | undefined,
  ) {
    this.#called = new Promise((called) => (this.#onCall = called));
  }

  static async start({ failure }: { failure?: Error } = {}): Promise<HeldSync> {
    const file = await open(import.meta.filename, 'r');
    const prototype = Object.getPrototypeOf(file) as FileHandle;
    await file.close();
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back as it was
    const held = new HeldSync(prototype, prototype.datasync, failure);
    prototype.datasync = async function (this: FileHandle) {
      return held.#meet(this);
    };
    return held;
  }

  /** Resolves when the first sync has been asked for. */
  called(): Promise<void> {
    return this.#called;
  }

  /** Lets everything go on as it would have. */
  release(): void {
    this.prototype.datasync = this.original;
    for (const go of this.#waiting) go();
  }

  async #meet(file: FileHandle): Promise<void> {
    this.#onCall();
    if (this.failure) throw this.failure;
    await new Promise<void>((go) => this.#waiting.push(go));
    await this.original.call(file);
  }
}
