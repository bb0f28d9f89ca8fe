import type { Suite } from '../suites/suite-schema.js';
import type { RecordedTrial, RunPlan, RunSettings, RunStanding, Trial } from './run.js';

export interface NewRun extends RunPlan {
  id: string;
  settings: RunSettings;
}

/**
 * Where the runner keeps what it saw. Each call may be repeated: the same suite, run or trial again changes nothing. A port, because the
 * runner works outside the service, next to the agent, and knows the store only through it.
 */
export abstract class RunRecorder {
  abstract putSuite(suite: Suite): Promise<void>;
  abstract putRun(run: NewRun): Promise<RunStanding>;
  abstract putTrial(runId: string, trial: Trial): Promise<RecordedTrial>;
  abstract finishRun(runId: string): Promise<void>;
}
