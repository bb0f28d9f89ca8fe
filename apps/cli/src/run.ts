import { Command } from 'commander';
import { addAudit } from './commands/audit.js';
import { addBooks } from './commands/books.js';
import { addContent } from './commands/content.js';
import { addContracts } from './commands/contracts.js';
import { addDemo } from './commands/demo.js';
import { addEvalsCompare } from './commands/evals-compare.js';
import { addEvalsRun } from './commands/evals-run.js';
import { addEvalsScore } from './commands/evals-score.js';
import { addEvidence } from './commands/evidence.js';
import { addImportTrajectories } from './commands/import-trajectories.js';
import { addKeys } from './commands/keys.js';
import { addOutcomes } from './commands/outcomes.js';
import { addReview } from './commands/review.js';
import { addSignals } from './commands/signals.js';
import { addSpool } from './commands/spool.js';
import { addStripe } from './commands/stripe.js';
import { reportError } from './report-error.js';
import type { Terminal } from './terminal.js';

/** Runs one command line, without the program's name, and gives the exit code. Throws nothing. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await buildProgram(terminal).parseAsync([...argv], { from: 'user' });
    return terminal.exitCode ?? 0;
  } catch (error) {
    return reportError(error, terminal, argv.includes('--json'));
  }
}

function buildProgram(terminal: Terminal): Command {
  const program = new Command('astrolabe')
    .description('Outcome billing, cost and release evidence for AI agents.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // Errors are printed by reportError, once and in one form.
      outputError: () => undefined,
    })
    .addHelpText('after', '\nExit codes: 0 done, 1 internal fault, not all was taken or a log is not whole, 2 invalid input or usage, 3 not found, 4 conflict, 5 unavailable, 6 not authenticated or not allowed.');

  addDemo(program, terminal);
  addContracts(program, terminal);
  addOutcomes(program, terminal);
  addEvidence(program, terminal);
  addBooks(program, terminal);
  addStripe(program, terminal);
  addKeys(program, terminal);
  addAudit(program, terminal);
  addContent(program, terminal);
  addReview(program, terminal);
  addSignals(program, terminal);
  addSpool(program, terminal);

  const evals = program.command('evals').description('score and compare simulations');
  addEvalsRun(evals, terminal);
  addEvalsScore(evals, terminal);
  addEvalsCompare(evals, terminal);

  const imports = program.command('import').description('bring in what was recorded elsewhere');
  addImportTrajectories(imports, terminal);
  return program;
}
