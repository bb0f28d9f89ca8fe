import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '#platform';

/** What the manifest says of a file. */
export interface FileEntry {
  path: string;
  sha256: string;
  bytes: number;
  lines: number;
}

const BUFFER_BYTES = 256 * 1024;

/** A file that is written in lines, hashed as it goes. Memory holds what is not written yet. */
export class BundleFile {
  readonly #hash = createHash('sha256');
  #pending: string[] = [];
  #pendingLength = 0;
  #bytes = 0;
  #lines = 0;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Fails where the file is there: no two things of a bundle may have one name, in whatever case a file system compares. */
  static async create(directory: string, path: string): Promise<BundleFile> {
    return new BundleFile(path, await open(join(directory, path), 'wx'));
  }

  /** Adds `line` and the end of a line. Gives what `lines.sha256` says of it. */
  async line(line: string): Promise<string> {
    this.#lines += 1;
    await this.#write(`${line}\n`);
    return `${sha256Hex(line)}  ${this.path}:${this.#lines}`;
  }

  /** Adds a text as it is to the last byte, which may not end with the end of a line. */
  async text(text: string): Promise<string[]> {
    const lines = linesOf(text);
    this.#lines += lines.length;
    await this.#write(text);
    return lines.map((line, index) => `${sha256Hex(line)}  ${this.path}:${index + 1}`);
  }

  /** Writes what is left, and sums up. */
  async finish(): Promise<FileEntry> {
    await this.#flush();
    await this.release();
    return { path: this.path, sha256: this.#hash.digest('hex'), bytes: this.#bytes, lines: this.#lines };
  }

  /** Also of a file that was not finished. A second time it does nothing. */
  async release(): Promise<void> {
    await this.handle.close();
  }

  async #write(text: string): Promise<void> {
    this.#pending.push(text);
    this.#pendingLength += text.length;
    if (this.#pendingLength >= BUFFER_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    const buffer = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#pendingLength = 0;
    this.#hash.update(buffer);
    this.#bytes += buffer.length;
    await this.handle.writeFile(buffer);
  }
}

/** A line ends with a line feed and nothing else; after the last one there is a line only where there is text. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
