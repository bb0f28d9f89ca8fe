import { readFile } from 'node:fs/promises';
import { DomainError, messageOf } from '#platform';

/** The text of a file that was named on the command line. @throws DomainError `input_file_not_found`, `input_file_unreadable` */
export async function readInputFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new DomainError({ kind: 'not_found', code: 'input_file_not_found', message: `${path} does not exist`, cause });
    }
    const reason = code === 'EISDIR' ? 'it is a directory; give a file in it' : messageOf(cause);
    throw new DomainError({ kind: 'invalid', code: 'input_file_unreadable', message: `${path} cannot be read: ${reason}`, cause });
  }
}
