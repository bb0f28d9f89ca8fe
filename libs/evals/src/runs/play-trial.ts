import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '#platform';
import { checkScenario, isPass } from '../suites/check-scenario.js';
import type { ObservedTurn } from '../suites/observation.js';
import type { Scenario } from '../suites/suite-schema.js';
import { callAgent, type AgentCall, type AgentMessage } from './call-agent.js';
import { conversationIdOf, type RunVariant, type Trial } from './run.js';

/** How infrastructure that fails is treated. The attempts are those of a whole trial, so its time is bounded whatever its length. */
export interface RetryPolicy {
  attemptsMax: number;
  /** Doubles with every attempt. */
  firstWaitMs: number;
  /** Also where the agent asks for a longer wait. */
  waitMsMax: number;
}

export interface TrialToPlay {
  runId: string;
  scenario: Scenario;
  trial: number;
  /** Sets this run of the trial apart from one that was cut off; `null` where there can have been none. */
  resumeId: string | null;
  variant: RunVariant;
  agent: AgentCall;
  retry: RetryPolicy;
  clock: Clock;
}

/**
 * Plays one scenario to its end and judges it. What the infrastructure did wrong is retried, and then recorded as such, never as the
 * agent's failure. A message that was refused is sent again where the conversation stands; after one that was lost, the conversation is
 * begun again under another id, because the agent may have acted on it. Throws only what the signal was aborted with.
 */
export async function playTrial({ runId, scenario, trial, resumeId, variant, agent, retry, clock }: TrialToPlay): Promise<Trial> {
  const startedAt = clock.now();
  const again = resumeId === null ? [] : [resumeId];
  let conversationId = conversationIdOf(runId, scenario.id, trial, ...again);
  let transcript: ObservedTurn[] = [];
  let finalState: unknown = null;
  for (let attempts = 1; ; ) {
    const message = transcript.at(-1)?.ended ? undefined : scenario.script[transcript.length];
    const place = { scenarioId: scenario.id, trial, conversationId, attempts, transcript, finalState, startedAt };
    if (message === undefined) {
      const verdicts = checkScenario(scenario, { turns: transcript, finalState });
      return { ...place, status: isPass(verdicts) ? 'passed' : 'failed', error: null, verdicts, endedAt: clock.now() };
    }
    const opening = transcript.length === 0 ? { scenario: openingOf(scenario) } : {};
    const answer = await callAgent({ conversationId, message, variant, ...opening }, agent);
    if (answer.kind === 'replied') {
      transcript.push(answer.turn);
      finalState = answer.state;
      continue;
    }
    if (answer.kind === 'unusable' || attempts >= retry.attemptsMax) {
      return { ...place, status: 'infrastructure_error', error: answer.reason, verdicts: [], endedAt: clock.now() };
    }
    const backOffMs = retry.firstWaitMs * 2 ** (attempts - 1);
    const wishMs = answer.kind === 'refused' ? answer.retryAfterMs : 0;
    await wait(Math.min(retry.waitMsMax, Math.max(backOffMs, wishMs)), undefined, { signal: agent.signal });
    attempts++;
    if (answer.kind === 'lost') {
      conversationId = conversationIdOf(runId, scenario.id, trial, ...again, attempts);
      transcript = [];
      finalState = null;
    }
  }
}

function openingOf({ initialState, locale, channel }: Scenario): NonNullable<AgentMessage['scenario']> {
  return { ...(initialState && { initialState }), ...(locale !== undefined && { locale }), ...(channel !== undefined && { channel }) };
}
