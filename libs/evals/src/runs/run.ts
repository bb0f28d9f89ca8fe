import { z } from 'zod';
import { canonicalJson, derivedId } from '#platform';
import { observedTurn, verdictSchema, type Verdict } from '../suites/observation.js';
import { isPass } from '../suites/check-scenario.js';

/**
 * What a verdict rests on besides agent and suite: how the customer is played, how the agent is spoken to, how checks are judged. Raised
 * when any of them changes meaning, so that trials of different meaning never meet in one run.
 */
const RUNNER_VERSION = 1;

/** One way to do the job, as the agent is told of it. Without a value the agent knows the variant by its name. */
const variantSchema = z.object({ name: z.string().min(1).max(200), value: z.unknown().optional() });
export type RunVariant = z.output<typeof variantSchema>;

/** All that decides what a run is. */
export const runPlanSchema = z.object({
  suiteSha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64 hex digits of a SHA-256'),
  variant: variantSchema,
  /** Of every scenario. */
  trials: z.int().positive().max(1000),
  /** Another seed is another run: other conversation ids, so an agent that draws lots by conversation draws anew. */
  seed: z.int().nonnegative(),
});
export type RunPlan = z.output<typeof runPlanSchema>;

/** How the run was carried out; for the reader, it decides nothing. */
export const runSettingsSchema = z.object({ agentUrl: z.string(), turnTimeoutMs: z.number(), attemptsMax: z.number() });
export type RunSettings = z.output<typeof runSettingsSchema>;

/** The same plan has the same id, for whichever organization: that is what makes a run resumable, and running it twice a no-op. */
export function runIdOf(plan: RunPlan): string {
  return derivedId('run', RUNNER_VERSION, plan.suiteSha256, plan.variant.name, canonicalJson(plan.variant.value ?? null), plan.seed, plan.trials);
}

/**
 * The conversation of a trial. An agent may hold what an earlier try left behind, so a try that is not the first says what sets it apart.
 */
export function conversationIdOf(runId: string, scenarioId: string, trial: number, ...again: readonly (string | number)[]): string {
  return derivedId('conv', runId, scenarioId, trial, ...again);
}

export const trialStatuses = ['passed', 'failed', 'infrastructure_error'] as const;
export type TrialStatus = (typeof trialStatuses)[number];

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** One execution of one scenario, as it goes over the wire and into the store. */
export const trialSchema = z
  .object({
    scenarioId: z.string(),
    /** From 0. */
    trial: z.int().nonnegative(),
    conversationId: z.string(),
    status: z.enum(trialStatuses),
    /** Why there is no result, for an infrastructure error alone. */
    error: z.string().nullable(),
    /** 1 and the number of calls that had to be repeated. */
    attempts: z.int().positive(),
    transcript: z.array(observedTurn),
    /** The systems of record as the agent left them; `null` where it told nothing of them. */
    finalState: z.unknown(),
    verdicts: z.array(verdictSchema),
    startedAt: instant,
    endedAt: instant,
  })
  .refine(isConsistent, 'status must be "infrastructure_error" with an error and no verdicts, or else follow from the verdicts: "passed" if all passed, "failed" if not');
export type Trial = z.output<typeof trialSchema>;

function isConsistent({ status, error, verdicts }: { status: TrialStatus; error: string | null; verdicts: readonly Verdict[] }): boolean {
  if (status === 'infrastructure_error') return error !== null && verdicts.length === 0;
  return error === null && verdicts.length > 0 && status === (isPass(verdicts) ? 'passed' : 'failed');
}

/** What became of a trial that was sent: the first result stands, and only an infrastructure error gives way to a later try. */
export type RecordedTrial = { kind: 'recorded' | 'already_recorded'; status: TrialStatus };

/** What the store knew of a run when it was put. */
export interface RunStanding {
  /** False: it was begun before, perhaps by a runner that was killed in the middle of a conversation. */
  isNew: boolean;
  trials: TrialStanding[];
}

/** A trial by its place in the run. */
export interface TrialStanding {
  scenarioId: string;
  trial: number;
  status: TrialStatus;
}
