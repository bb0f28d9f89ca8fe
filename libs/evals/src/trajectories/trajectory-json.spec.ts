import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#platform';
import { readTrajectories } from './read-trajectories.js';
import type { TrajectoryFormat } from './trajectory.js';

const tau1 = '[{"task_id": 0, "reward": 1, "trial": 0, "traj": []}]';
const tau2 = '{"info": {}, "tasks": [], "simulations": [{"task_id": "0"}]}';

function failure(format: TrajectoryFormat, text: string): DomainError {
  try {
    readTrajectories({ format, name: 'run.json', text });
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('readTrajectories: what cannot be read', () => {
  it.each<[string, TrajectoryFormat, string, string, RegExp]>([
    ['an empty file', 'tau2', ' \n', 'trajectory_file_empty', /^run\.json is empty; expected the JSON/],
    ['broken JSON', 'tau1', '[{"task_id": 0,', 'trajectory_file_not_json', /^run\.json is not valid JSON: .+Is the file complete\?/],
    ['tau1 given as tau2', 'tau2', tau1, 'trajectory_format_mismatch', /^run\.json is not a tau2 file .*this looks like tau1: use --format tau1/],
    ['tau2 given as tau1', 'tau1', tau2, 'trajectory_format_mismatch', /^run\.json is not a tau1 file .*this looks like tau2: use --format tau2/],
    ['another object', 'tau2', '{"a": 1}', 'trajectory_format_mismatch', /at \$: an object with a\); tau2 is a JSON object with "info" and "simulations"/],
    ['another list', 'tau1', '[1]', 'trajectory_format_mismatch', /at \$: a list of 1\); tau1 is a JSON list of/],
    ['a bare value', 'tau1', 'null', 'trajectory_format_mismatch', /at \$: null/],
    ['no trials in tau1', 'tau1', '[]', 'trajectory_file_without_trials', /at \$: the list is empty/],
    ['no trials in tau2', 'tau2', '{"simulations": []}', 'trajectory_file_without_trials', /at \$\.simulations: the list is empty/],
    ['a missing field', 'tau2', '{"simulations": [{"task_id": "0"}, {}]}', 'trajectory_field_invalid', /at \$\.simulations\[1\]\.task_id: /],
    ['a wrong type', 'tau1', '[{"task_id": 0, "reward": "high", "traj": [{"content": 1}]}]', 'trajectory_field_invalid', /at \$\[0\]\.reward: expected number, received string \(and 1 more\)/],
    ['a message without a role', 'tau2', '{"simulations": [{"task_id": "0", "messages": [{}]}]}', 'trajectory_field_invalid', /at \$\.simulations\[0\]\.messages\[0\]\.role: expected string, but it is missing/],
    ['simulations that are no list', 'tau2', '{"simulations": {}}', 'trajectory_field_invalid', /at \$\.simulations: expected array, received object/],
  ])('%s', (_, format, text, code, message) => {
    const error = failure(format, text);
    expect(error).toMatchObject({ kind: 'invalid', code });
    expect(error.message).toMatch(message);
  });

  it('does not mind a byte order mark', () => {
    expect(readTrajectories({ format: 'tau1', name: 'run.json', text: `\uFEFF${tau1}` }).trajectories).toHaveLength(1);
  });
});
