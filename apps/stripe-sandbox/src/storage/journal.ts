/**
 * The append-only file the sandbox is restored from: one JSON value a line.
 *
 * - `append` resolves when the line is on disk (fdatasync); what was answered survives a crash.
 * - Lines that arrive while a sync is under way share the next one, so a busy sandbox is not held to one call per sync.
 * - Order in the file is the order of the `append` calls; a line is never on disk without those before it.
 * - A crash in the middle of a write leaves a last line without its newline. It was never acknowledged, so it is cut.
 * - After a failed write nothing more is taken (memory may be ahead of the disk): the process has to be restarted.
 *
 * Known gap: the file only grows. A sandbox that has become too large is deleted with its directory.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '#platform';

const NEWLINE = 0x0a;

export class Journal {
  #waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #draining: Promise<void> | undefined;
  #failure: DomainError | undefined;

  private constructor(private readonly file: FileHandle) {}

  /**
   * Opens or creates the file, hands every complete line to `restore` in order, and cuts a torn last one.
   * @throws DomainError `journal_corrupt` for a complete line that is no JSON: that is damage, not a crash, and nothing is guessed
   */
  static async open(path: string, restore: (value: unknown) => void): Promise<Journal> {
    const file = await open(path, 'a+');
    try {
      const content = await file.readFile();
      let start = 0;
      for (let end = content.indexOf(NEWLINE); end >= 0; end = content.indexOf(NEWLINE, start)) {
        restore(parseLine(content.toString('utf8', start, end), path, start));
        start = end + 1;
      }
      if (start < content.length) await file.truncate(start);
      await file.datasync();
      await syncDirectory(dirname(path));
      return new Journal(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws DomainError `journal_failed` when this or an earlier line could not be written */
  append(value: unknown): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, resolve, reject });
    });
    this.#draining ??= this.#drain();
    return written;
  }

  /** Resolves when everything appended so far is on disk, so that a reader is shown nothing a crash could take back. */
  async settled(): Promise<void> {
    await this.#draining;
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.file.close();
  }

  async #drain(): Promise<void> {
    // Callers of the same turn of the event loop share the first sync too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure) throw this.#failure;
        await this.file.appendFile(batch.map(({ line }) => line).join(''));
        await this.file.datasync();
        batch.forEach(({ resolve }) => resolve());
      } catch (cause) {
        const failure = (this.#failure ??= new DomainError({
          kind: 'unavailable',
          code: 'journal_failed',
          message: 'The sandbox could not write its journal and takes nothing more; free some disk space and restart it.',
          cause,
        }));
        batch.forEach(({ reject }) => reject(failure));
      }
    }
    this.#draining = undefined;
  }
}

function parseLine(line: string, path: string, offset: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new DomainError({
      kind: 'invalid',
      code: 'journal_corrupt',
      message: `${path} is damaged at byte ${offset}. Restore it from a copy, or delete the directory to start with an empty sandbox.`,
      cause,
    });
  }
}

/** A new file survives a crash only when the directory's entry for it is on disk too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
