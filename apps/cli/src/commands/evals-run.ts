import { ApiRunRecorder, parseSuite, passedByEmptyAgent, runSuite, type RunProgress, type RunVariant, type Suite } from '#evals';
import { DomainError, SystemClock, messageOf } from '#platform';
import { InvalidArgumentError, type Command } from 'commander';
import { readCliEnvironment } from '../environment.js';
import { percent, table, warningLines } from '../figures.js';
import { DEFAULT_ENDPOINT } from '../otlp-sender.js';
import { startProgress } from '../progress.js';
import { readInputFile } from '../read-input-file.js';
import { printResult, type Terminal } from '../terminal.js';

interface Options {
  suite: string;
  variant: string;
  value?: unknown;
  agent: string;
  trials?: number;
  seed: number;
  concurrency: number;
  endpoint?: string;
  key?: string;
  json?: true;
}

interface RunResult extends RunProgress {
  suite: string;
  suiteSha256: string;
  variant: RunVariant;
  seed: number;
  /** GET it with the scope `read`; put the other run's id in the place of BASE. */
  comparison: string;
  warnings: string[];
}

const CONCURRENCY_DEFAULT = 4;

/** `astrolabe evals run`: plays a suite against an agent and records what came of it. Safe to repeat: what has a result is not played again. */
export function addEvalsRun(parent: Command, terminal: Terminal): void {
  parent
    .command('run')
    .description('play a suite of scenarios against an agent; the same command again resumes the run')
    .requiredOption('--suite <file>', 'the suite, as YAML')
    .requiredOption('--variant <name>', 'the variant to try, by the name that the agent is told')
    .option('--value <json>', 'the value of the variant, as the agent takes it, such as {"model":"gpt-4.1-mini"}', parseJson)
    .requiredOption('--agent <url>', 'where the agent answers POST <url>/converse')
    .option('--trials <k>', "trials of every scenario (default: the suite's own)", wholeNumber(1))
    .option('--seed <n>', 'another seed is another run', wholeNumber(0), 1)
    .option('--concurrency <n>', 'conversations at a time', wholeNumber(1), CONCURRENCY_DEFAULT)
    .option('--endpoint <url>', `base URL of the service (default: $ASTROLABE_URL or ${DEFAULT_ENDPOINT})`)
    .option('--key <key>', 'API key with scope operate (default: $ASTROLABE_API_KEY)')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const result = await playSuite(options, terminal);
      printResult(terminal, options.json === true, result, () => describeRun(result));
      if (result.infrastructureErrors > 0) throw withoutResult(result);
    });
}

async function playSuite(options: Options, terminal: Terminal): Promise<RunResult> {
  const environment = readCliEnvironment(terminal.env);
  const apiUrl = options.endpoint ?? environment.endpoint ?? DEFAULT_ENDPOINT;
  const apiKey = options.key ?? environment.key;
  if (apiKey === undefined) {
    throw new DomainError({ kind: 'unauthenticated', code: 'missing_api_key', message: 'An API key with the scope operate is needed: give --key, or set ASTROLABE_API_KEY' });
  }
  if (!URL.canParse(options.agent)) {
    throw new DomainError({ kind: 'invalid', code: 'usage', message: `--agent ${options.agent} is not a URL such as http://127.0.0.1:4320` });
  }
  const suite = await readSuite(options.suite);
  const trials = options.trials ?? suite.trials;
  const variant: RunVariant = { name: options.variant, ...(options.value !== undefined && { value: options.value }) };

  // The first Ctrl-C lets the conversations under way end and be recorded; the second ends the program as it always does.
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const bar = startProgress(terminal.stderr, suite.scenarios.length * trials);
  let shown = 0;
  try {
    const progress = await runSuite({
      suite,
      variant,
      agentUrl: options.agent,
      trials,
      seed: options.seed,
      concurrency: options.concurrency,
      recorder: new ApiRunRecorder({ apiUrl, apiKey }),
      clock: new SystemClock(),
      signal: stop.signal,
      onProgress: ({ passed, failed, infrastructureErrors }) => {
        const done = passed + failed + infrastructureErrors;
        bar.advance(done - shown);
        shown = done;
      },
    });
    const comparison = `${apiUrl.replace(/\/$/, '')}/api/v1/comparisons?base=BASE&candidate=${progress.runId}`;
    return { ...progress, suite: suite.name, suiteSha256: suite.sha256, variant, seed: options.seed, comparison, warnings: warningsOf(suite) };
  } finally {
    bar.stop();
    process.off('SIGINT', onInterrupt);
  }
}

async function readSuite(path: string): Promise<Suite> {
  return parseSuite(await readInputFile(path), path);
}

function warningsOf(suite: Suite): string[] {
  const free = passedByEmptyAgent(suite);
  return free.length === 0 ? [] : [`an agent that says and does nothing passes ${free.length} of ${suite.scenarios.length} scenarios: ${free.join(', ')}`];
}

function describeRun(result: RunResult): string[] {
  const counted = result.passed + result.failed;
  return [
    `${result.suite} as variant ${result.variant.name}, run ${result.runId}`,
    '',
    ...table([
      ['passed', `${result.passed} of ${counted}`],
      ['rate', counted === 0 ? 'no result' : percent(result.passed / counted)],
      ['without result (infrastructure)', String(result.infrastructureErrors)],
      ['already recorded before', `${result.skipped} of ${result.planned}`],
    ]),
    '',
    'compare it, in the place of BASE the id of a run of another variant:',
    `  ${result.comparison}`,
    ...warningLines(result.warnings),
  ];
}

function withoutResult({ infrastructureErrors, planned, lastInfrastructureError }: RunResult): DomainError {
  const message = `${infrastructureErrors} of ${planned} trials have no result, the last one because: ${lastInfrastructureError ?? 'unknown'}. Run the same command again to try them once more`;
  return new DomainError({ kind: 'unavailable', code: 'trials_without_result', message });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${messageOf(error)}`);
  }
}

function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
    return value;
  };
}
