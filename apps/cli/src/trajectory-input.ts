import { readTrajectories, type TrajectoryFile, type TrajectoryFormat } from '#evals';
import { Option } from 'commander';
import { readInputFile } from './read-input-file.js';

/** `--format tau1|tau2`, which has no default: a guess that is wrong would give figures that are wrong. */
export function formatOption(): Option {
  return new Option('--format <format>', 'format of the results: tau1 (tau-bench) or tau2 (tau2-bench)')
    .choices(['tau1', 'tau2'])
    .makeOptionMandatory();
}

/** @throws DomainError `input_file_not_found`, `input_file_unreadable`, or what is wrong inside the file. */
export async function readTrajectoryFile(format: TrajectoryFormat, path: string): Promise<TrajectoryFile> {
  return readTrajectories({ format, name: path, text: await readInputFile(path) });
}
