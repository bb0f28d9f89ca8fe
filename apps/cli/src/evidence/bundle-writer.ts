import { createHash, type Hash } from 'node:crypto';
import { mkdirSync, openSync, writeSync, closeSync, renameSync, rmSync, readdirSync, existsSync, fsyncSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { canonicalJson, DomainError, sha256Hex } from '#platform';
import { BUNDLE_README } from './bundle-readme.js';
import { VERIFIER } from './verifier.js';

/*
 * Writes an evidence bundle beside where it is to be, and puts it there when it is whole: what is half written is never taken for a bundle.
 * The manifest has the hash of every file, and beside a file of lines stands one with the hash of each, so that a change can be found.
 */

interface OpenFile {
  descriptor: number;
  hash: Hash;
  bytes: number;
  lines: number;
}

export class BundleWriter {
  readonly #target: string;
  readonly #folder: string;
  readonly #files = new Map<string, OpenFile>();

  /** @throws DomainError `bundle_exists` where something is in the folder and `force` is not given */
  constructor(target: string, private readonly force: boolean) {
    this.#target = resolve(target);
    if (existsSync(this.#target) && readdirSync(this.#target).length > 0 && !force) {
      throw new DomainError({ kind: 'conflict', code: 'bundle_exists', message: `${target} is not empty: give another folder with --out, or --force to replace it` });
    }
    this.#folder = `${this.#target}.part-${process.pid}`;
    mkdirSync(this.#folder, { recursive: true });
  }

  file(name: string, text: string): void {
    this.#write(name, text, 0);
  }

  line(name: string, text: string): void {
    this.#write(name, `${text}\n`, 1);
    this.#write(`${name}.sha256`, `${sha256Hex(text)}\n`, 1);
  }

  /** Adds manifest, verifier and words, and puts the bundle where it belongs. @returns the hash that stands for all of it */
  finish(): { root: string; files: number } {
    this.file('README.md', BUNDLE_README);
    this.file('verify.mjs', VERIFIER);
    const files = [...this.#files].map(([name, { hash, bytes, lines }]) => ({ name, bytes, lines, sha256: hash.digest('hex') })).sort((a, b) => (a.name < b.name ? -1 : 1));
    const root = sha256Hex(canonicalJson(files));
    this.#write('manifest.json', `${JSON.stringify({ format: 'astrolabe-evidence/1', root, files }, null, 2)}\n`, 0);
    this.#close();
    if (existsSync(this.#target) && this.force) rmSync(this.#target, { recursive: true });
    renameSync(this.#folder, this.#target);
    return { root, files: files.length };
  }

  abandon(): void {
    this.#close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(name: string, text: string, lines: number): void {
    const file = this.#files.get(name) ?? this.#open(name);
    const bytes = Buffer.from(text);
    writeSync(file.descriptor, bytes);
    file.hash.update(bytes);
    file.bytes += bytes.length;
    file.lines += lines;
  }

  // Names come from the service: none may lead out of the folder.
  #open(name: string): OpenFile {
    const path = resolve(this.#folder, name);
    if (!path.startsWith(this.#folder + sep)) throw new DomainError({ kind: 'invalid', code: 'bundle_file_name', message: `"${name}" is no name of a file in a bundle` });
    mkdirSync(dirname(path), { recursive: true });
    const file = { descriptor: openSync(join(path), 'w'), hash: createHash('sha256'), bytes: 0, lines: 0 };
    this.#files.set(name, file);
    return file;
  }

  #close(): void {
    for (const { descriptor } of this.#files.values()) {
      fsyncSync(descriptor);
      closeSync(descriptor);
    }
    this.#files.clear();
  }
}
