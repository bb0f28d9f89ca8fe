import { parseJson, requireFormat } from './trajectory-json.js';
import { readTau1 } from './read-tau1.js';
import { readTau2 } from './read-tau2.js';
import type { TrajectoryFile, TrajectoryFormat } from './trajectory.js';

/**
 * Reads the text of a results file. Tolerant of what varies between versions of the two benchmarks: only what a figure needs is
 * required, and unknown fields are ignored.
 * @throws DomainError (`invalid`) that names the file, the path in its JSON, and what would be right.
 */
export function readTrajectories(input: { format: TrajectoryFormat; name: string; text: string }): TrajectoryFile {
  const json = parseJson(input.name, input.text);
  requireFormat(input.name, json, input.format);
  switch (input.format) {
    case 'tau1':
      return readTau1(input.name, json);
    case 'tau2':
      return readTau2(input.name, json);
  }
}
