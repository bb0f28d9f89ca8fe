import { DomainError, randomId, type Clock } from '#platform';
import type { Scenario, Suite } from '../suites/suite-schema.js';
import { playTrial, type RetryPolicy } from './play-trial.js';
import { runIdOf, type RunPlan, type RunVariant, type TrialStanding, type TrialStatus } from './run.js';
import type { RunRecorder } from './run-recorder.js';

export interface SuiteRun {
  suite: Suite;
  variant: RunVariant;
  agentUrl: string;
  /** Of every scenario; the suite's own number when absent. */
  trials?: number;
  seed: number;
  /** Conversations at a time. */
  concurrency: number;
  recorder: RunRecorder;
  clock: Clock;
  fetch?: typeof fetch;
  retry?: RetryPolicy;
  turnTimeoutMs?: number;
  /** Begins no further trial; those under way are played to their end and recorded, so nothing that was paid for is lost. */
  signal?: AbortSignal;
  onProgress?: (progress: RunProgress) => void;
}

export interface RunProgress {
  runId: string;
  planned: number;
  /** Trials that were recorded before this time. */
  skipped: number;
  passed: number;
  failed: number;
  infrastructureErrors: number;
  /** Of this time; `null` when there was none. */
  lastInfrastructureError: string | null;
}

const RETRY: RetryPolicy = { attemptsMax: 5, firstWaitMs: 250, waitMsMax: 30_000 };
const TURN_TIMEOUT_MS = 60_000;

/**
 * Plays every trial of a suite that has no result yet, records each as soon as it is judged, and closes the run. Running the same suite,
 * variant, seed and number of trials again resumes the run; trials that ended in an infrastructure error are then tried once more.
 * @throws DomainError `run_interrupted` when `signal` was aborted before the last trial began; whatever the recorder throws.
 */
export async function runSuite(input: SuiteRun): Promise<RunProgress> {
  const { suite, recorder, clock, variant, retry = RETRY, turnTimeoutMs = TURN_TIMEOUT_MS } = input;
  const plan: RunPlan = { suiteSha256: suite.sha256, variant, trials: input.trials ?? suite.trials, seed: input.seed };
  const runId = runIdOf(plan);
  await recorder.putSuite(suite);
  const { isNew, trials: recorded } = await recorder.putRun({ id: runId, ...plan, settings: { agentUrl: input.agentUrl, turnTimeoutMs, attemptsMax: retry.attemptsMax } });

  const results = recorded.filter(({ status }) => status !== 'infrastructure_error');
  const open = openTrials(suite, plan.trials, results);
  const progress: RunProgress = { runId, planned: suite.scenarios.length * plan.trials, skipped: results.length, passed: 0, failed: 0, infrastructureErrors: 0, lastInfrastructureError: null };
  for (const { status } of results) progress[COUNTER[status]]++;
  input.onProgress?.({ ...progress });

  // A runner that was killed in the middle left half a conversation with the agent; its id must not be met again, so this part is random.
  const resumeId = isNew ? null : randomId('resume');
  // The first worker whose recorder fails stops the others in the middle: what cannot be recorded need not be played.
  const stop = new AbortController();
  const agent = { agentUrl: input.agentUrl, fetch: input.fetch ?? fetch, turnTimeoutMs, signal: stop.signal };
  const work = async () => {
    for (let next = open.shift(); next !== undefined && !stop.signal.aborted && !input.signal?.aborted; next = open.shift()) {
      const played = await playTrial({ runId, ...next, resumeId, variant, agent, retry, clock });
      const { status } = await recorder.putTrial(runId, played);
      progress[COUNTER[status]]++;
      if (status === 'infrastructure_error') progress.lastInfrastructureError = played.error;
      input.onProgress?.({ ...progress });
    }
  };
  const workers = Array.from({ length: Math.max(1, input.concurrency) }, () =>
    work().catch((error: unknown) => {
      stop.abort(error);
    }),
  );
  await Promise.all(workers);
  // An abort keeps its first reason: the failure itself, not what it set off in the other workers.
  if (stop.signal.aborted) throw stop.signal.reason;
  if (progress.passed + progress.failed + progress.infrastructureErrors < progress.planned) throw interrupted(progress);
  await recorder.finishRun(runId);
  return progress;
}

const COUNTER = { passed: 'passed', failed: 'failed', infrastructure_error: 'infrastructureErrors' } as const satisfies Record<TrialStatus, keyof RunProgress>;

// First trials first: a run that is stopped early then has something on every scenario.
function openTrials(suite: Suite, trials: number, results: readonly TrialStanding[]): { scenario: Scenario; trial: number }[] {
  const known = new Set(results.map(({ scenarioId, trial }) => `${trial} ${scenarioId}`));
  return Array.from({ length: trials }, (_, trial) => suite.scenarios.map((scenario) => ({ scenario, trial })))
    .flat()
    .filter(({ scenario, trial }) => !known.has(`${trial} ${scenario.id}`));
}

function interrupted({ runId, planned, passed, failed, infrastructureErrors }: RunProgress): DomainError {
  const done = passed + failed + infrastructureErrors;
  return new DomainError({ kind: 'unavailable', code: 'run_interrupted', message: `Run ${runId} was stopped after ${done} of ${planned} trials: run the same command again to go on` });
}
