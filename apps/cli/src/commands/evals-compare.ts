import { compareTrajectories, type TrajectoryComparison, type TrajectoryFormat, type VariantCost } from '#evals';
import type { Command } from 'commander';
import { cost, percent, points, table, usd, warningLines } from '../figures.js';
import { printResult, type Terminal } from '../terminal.js';
import { formatOption, readTrajectoryFile } from '../trajectory-input.js';

interface Options {
  format: TrajectoryFormat;
  json?: true;
}

/** `astrolabe evals compare`: is the candidate better than the base on the same tasks, and where is it worse. */
export function addEvalsCompare(parent: Command, terminal: Terminal): void {
  parent
    .command('compare')
    .description('a candidate against a base on the tasks that both files have')
    .argument('<base>', 'results of the base variant')
    .argument('<candidate>', 'results of the candidate, in the same format')
    .addOption(formatOption())
    .option('--json', 'print JSON')
    .action(async (base: string, candidate: string, options: Options) => {
      const comparison = compareTrajectories(await readTrajectoryFile(options.format, base), await readTrajectoryFile(options.format, candidate));
      printResult(terminal, options.json === true, comparison, () => describeComparison(comparison));
    });
}

const TEST_NAMES = { mcnemar: 'exact McNemar', sign_flip: 'exact sign-flip permutation' };

function describeComparison(comparison: TrajectoryComparison): string[] {
  const { base, candidate, paired, leftOut } = comparison;
  return [
    ...table([
      ['', 'base', 'candidate'],
      ['agent', base.agentModel ?? 'unknown', candidate.agentModel ?? 'unknown'],
      ['succeeded', `${base.successes} of ${base.trials}`, `${candidate.successes} of ${candidate.trials}`],
      ['rate', percent(base.successes / base.trials), percent(candidate.successes / candidate.trials)],
      ['agent cost', cost(comparison.cost.base), cost(comparison.cost.candidate)],
      ['per success', perSuccess(comparison.cost.base), perSuccess(comparison.cost.candidate)],
      ...comparison.slices.map((slice) => [
        `${slice.name} ${slice.value}`,
        `${slice.base.successes} of ${slice.base.trials}`,
        `${slice.candidate.successes} of ${slice.candidate.trials}`,
      ]),
    ]),
    '',
    `${comparison.tasks} tasks: ${paired.both} pass in both, ${paired.baseOnly} only in base, ` +
      `${paired.candidateOnly} only in candidate, ${paired.neither} in neither`,
    `difference ${points(paired.difference)}, standard error ${points(paired.standardError)} paired by task` +
      ` (${points(paired.unpairedError)} unpaired)`,
    `p = ${paired.pValue === null ? 'not computed' : paired.pValue.toPrecision(4)} (${TEST_NAMES[paired.test]}, two-sided)`,
    ...flipLines(comparison),
    ...(leftOut.baseOnly.length === 0 ? [] : ['', `left out, only in base: ${leftOut.baseOnly.join(', ')}`]),
    ...(leftOut.candidateOnly.length === 0 ? [] : ['', `left out, only in candidate: ${leftOut.candidateOnly.join(', ')}`]),
    ...warningLines(comparison.warnings),
  ];
}

function perSuccess(variant: VariantCost): string {
  if (variant.perSuccess !== null) return usd(variant.perSuccess);
  return variant.unknownTrials > 0 ? 'unknown' : 'no success';
}

// Regressions first: they are what a better average hides.
function flipLines({ flips }: TrajectoryComparison): string[] {
  if (flips.length === 0) return [];
  const [broken, fixed] = [flips.filter(({ to }) => to === 'fail'), flips.filter(({ to }) => to === 'pass')];
  const list = (title: string, tasks: typeof flips) =>
    tasks.length === 0 ? [] : ['', `${title} (${tasks.length})`, ...tasks.map(({ taskId }) => `  ${taskId}`)];
  return [...list('pass in base, fail in candidate', broken), ...list('fail in base, pass in candidate', fixed)];
}
