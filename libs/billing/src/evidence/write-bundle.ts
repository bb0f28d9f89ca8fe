/**
 * Writes an export as a directory that its reader can recount without us: docs/evidence.md says what is in it, `bundle/verify.mjs` recounts it.
 *
 * Every file is hashed as it is written, and so is each of its lines (`lines.sha256`), so that the verifier can say which line of which file
 * was changed, removed or added. Memory holds neither records nor hashes.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, DomainError, projectRoot, sha256Hex } from '#platform';
import { intoDirectory } from './bundle-directory.js';
import { BundleFile, type FileEntry } from './bundle-file.js';
import { EVIDENCE_FORMAT, type EvidenceRecord, type EvidenceStatement } from './evidence-record.js';

/** What the reader of a bundle gets with it, as it is in the sources. */
const ENCLOSED = ['README.md', 'verify.mjs'];

export interface WrittenBundle {
  statement: EvidenceStatement;
  files: FileEntry[];
  /** Stands for every byte of the bundle: told to its reader on another way than the bundle, it shows that they have the same. */
  rootSha256: string;
}

/**
 * @param isReplacing allows to replace an earlier bundle in `directory`
 * @throws DomainError `directory_not_empty`, `not_a_bundle`, `evidence_incomplete`, `invalid_bundle_file`, and what `records` throws; then nothing is left behind
 */
export async function writeBundle(directory: string, isReplacing: boolean, records: AsyncIterable<EvidenceRecord>): Promise<WrittenBundle> {
  return intoDirectory(directory, isReplacing, async (temporary) => {
    const opened: BundleFile[] = [];
    const create: Create = async (path) => {
      const file = await BundleFile.create(temporary, path);
      opened.push(file);
      return file;
    };
    try {
      await mkdir(join(temporary, 'contracts'));
      const { statement, files } = await writeFiles(create, records);
      const manifest = manifestOf(statement, files);
      await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      return { statement, files: manifest.files, rootSha256: manifest.rootSha256 };
    } finally {
      for (const file of opened) await file.release();
    }
  });
}

type Create = (path: string) => Promise<BundleFile>;

async function writeFiles(create: Create, records: AsyncIterable<EvidenceRecord>): Promise<{ statement: EvidenceStatement; files: FileEntry[] }> {
  const [lineHashes, bookings, adjustments, notBilled] = [await create('lines.sha256'), await create('decisions.jsonl'), await create('adjustments.jsonl'), await create('not-billed.jsonl')];
  const files: FileEntry[] = [];
  const addText = async (path: string, text: string) => {
    const file = await create(path);
    for (const hash of await file.text(text)) await lineHashes.line(hash);
    files.push(await file.finish());
  };

  let statement: EvidenceStatement | undefined;
  let isWhole = false;
  for await (const record of records) {
    if ('statement' in record) statement = record.statement;
    else if ('contract' in record) await addText(contractFile(record.contract.file), record.contract.source);
    else if ('booking' in record) await lineHashes.line(await bookings.line(canonicalJson(record.booking)));
    else if ('adjustment' in record) await lineHashes.line(await adjustments.line(canonicalJson(record.adjustment)));
    else if ('notBilled' in record) await lineHashes.line(await notBilled.line(canonicalJson(record.notBilled)));
    else isWhole = true;
  }
  if (!statement || !isWhole) {
    throw new DomainError({ kind: 'unavailable', code: 'evidence_incomplete', message: 'The evidence broke off before its end, and nothing was written: try again' });
  }
  await addText('statement.json', `${JSON.stringify(statement, null, 2)}\n`);
  for (const name of ENCLOSED) await addText(name, await readFile(join(projectRoot(), 'libs', 'billing', 'src', 'evidence', 'bundle', name), 'utf8'));
  files.push(await bookings.finish(), await adjustments.finish(), await notBilled.finish(), await lineHashes.finish());
  return { statement, files };
}

/** Names come from the service: none may lead out of the bundle. */
function contractFile(name: string): string {
  if (/^contracts\/[\w.%-]+\.yaml$/.test(name)) return name;
  throw new DomainError({ kind: 'invalid', code: 'invalid_bundle_file', message: `The service names a file "${name}", which is none of a bundle: is this the service that you meant?` });
}

function manifestOf(statement: EvidenceStatement, written: readonly FileEntry[]) {
  const files = written.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    format: EVIDENCE_FORMAT,
    about: `The evidence of statement ${statement.id}, to be recounted with: node verify.mjs`,
    statement: statement.id,
    exportedAt: statement.exportedAt,
    rootSha256: rootSha256(files),
    files,
  };
}

/** The hash of what `sha256sum` prints for the files, sorted by path. */
function rootSha256(files: readonly Pick<FileEntry, 'path' | 'sha256'>[]): string {
  return sha256Hex(files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''));
}
