import { readFile } from 'node:fs/promises';
import { DomainError, messageOf } from '#platform';
import { readTrajectories, type TrajectoryFile, type TrajectoryFormat } from '#evals';
import { Option } from 'commander';

/** `--format tau1|tau2`, which has no default: a guess that is wrong would give figures that are wrong. */
export function formatOption(): Option {
  return new Option('--format <format>', 'format of the results: tau1 (tau-bench) or tau2 (tau2-bench)')
    .choices(['tau1', 'tau2'])
    .makeOptionMandatory();
}

/** @throws DomainError `input_file_not_found`, `input_file_unreadable`, or what is wrong inside the file. */
export async function readTrajectoryFile(format: TrajectoryFormat, path: string): Promise<TrajectoryFile> {
  return readTrajectories({ format, name: path, text: await readText(path) });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new DomainError({ kind: 'not_found', code: 'input_file_not_found', message: `${path} does not exist`, cause: error });
    }
    const reason = code === 'EISDIR' ? 'it is a directory; give the JSON file in it' : messageOf(error);
    throw new DomainError({ kind: 'invalid', code: 'input_file_unreadable', message: `${path} cannot be read: ${reason}`, cause: error });
  }
}
