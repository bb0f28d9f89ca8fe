import { scoreTrajectories, type TrajectoryFormat, type TrajectoryScore } from '#evals';
import type { Command } from 'commander';
import { cost, percent, points, table, warningLines } from '../figures.js';
import { printResult, type Terminal } from '../terminal.js';
import { formatOption, readTrajectoryFile } from '../trajectory-input.js';

interface Options {
  format: TrajectoryFormat;
  json?: true;
}

/** `astrolabe evals score`: how good is the agent of one results file, and how sure is that. */
export function addEvalsScore(parent: Command, terminal: Terminal): void {
  parent
    .command('score')
    .description('pass^k, success rate and its error for one results file')
    .argument('<file>', 'results of tau-bench or tau2-bench')
    .addOption(formatOption())
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const score = scoreTrajectories(await readTrajectoryFile(options.format, file));
      printResult(terminal, options.json === true, score, () => describeScore(score));
    });
}

function describeScore(score: TrajectoryScore): string[] {
  return [
    `${score.file}${score.agentModel === null ? '' : `, agent on ${score.agentModel}`}`,
    '',
    ...table([
      ['succeeded', `${score.successes} of ${score.trials}`, percent(score.mean)],
      ...score.passK.map((value, index) => [`pass^${index + 1}`, '', percent(value)]),
    ]),
    '',
    `standard error  ${points(score.standardError.clustered)} clustered by task (${points(score.standardError.naive)} if trials were independent)`,
    `tasks           ${score.tasks}${score.excluded === 0 ? '' : `, ${score.excluded} trials excluded`}`,
    `agent cost      ${cost(score.cost)}`,
    ...sliceLines(score),
    ...warningLines(score.warnings),
  ];
}

function sliceLines({ slices }: TrajectoryScore): string[] {
  if (slices.length === 0) return [];
  return [
    '',
    ...table(slices.map(({ name, value, successes, trials }) => [`${name} ${value}`, `${successes} of ${trials}`, percent(successes / trials)])),
  ];
}
