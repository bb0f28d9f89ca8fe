import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { DomainError, messageOf, type ErrorKind } from '#platform';
import type { Suite } from '../suites/suite-schema.js';
import { trialStatuses, type RecordedTrial, type RunStanding, type Trial } from './run.js';
import { RunRecorder, type NewRun } from './run-recorder.js';

export interface ApiAccess {
  /** Where the service answers, without `/api/v1`. */
  apiUrl: string;
  /** Needs the scope `operate`. */
  apiKey: string;
  fetch?: typeof fetch;
  /** Doubles with every attempt. */
  firstWaitMs?: number;
}

const ATTEMPTS_MAX = 5;
const FIRST_WAIT_MS = 250;
const REQUEST_TIMEOUT_MS = 30_000;

const status = z.enum(trialStatuses);
const runAnswer = z.object({ isNew: z.boolean(), trials: z.array(z.object({ scenarioId: z.string(), trial: z.number(), status })) });
const trialAnswer = z.object({ kind: z.enum(['recorded', 'already_recorded']), status });
const problem = z.object({ code: z.string(), detail: z.string() });

/** Records over the REST API. Every call is idempotent, so one that got no clear answer is simply made again, a bounded number of times. */
export class ApiRunRecorder extends RunRecorder {
  constructor(private readonly access: ApiAccess) {
    super();
  }

  async putSuite({ sha256, source }: Suite): Promise<void> {
    await this.#send('PUT', `suites/${sha256}`, { source });
  }

  async putRun({ id, ...run }: NewRun): Promise<RunStanding> {
    return runAnswer.parse(await this.#send('PUT', `runs/${id}`, run));
  }

  async putTrial(runId: string, { scenarioId, trial, ...result }: Trial): Promise<RecordedTrial> {
    return trialAnswer.parse(await this.#send('PUT', `runs/${runId}/trials/${encodeURIComponent(scenarioId)}/${trial}`, result));
  }

  async finishRun(runId: string): Promise<void> {
    await this.#send('POST', `runs/${runId}/finish`, {});
  }

  async #send(method: string, path: string, body: unknown): Promise<unknown> {
    const { firstWaitMs = FIRST_WAIT_MS } = this.access;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(method, path, body);
      } catch (error) {
        if (!(error instanceof DomainError) || error.kind !== 'unavailable' || attempt >= ATTEMPTS_MAX) throw error;
        await wait(firstWaitMs * 2 ** (attempt - 1));
      }
    }
  }

  async #sendOnce(method: string, path: string, body: unknown): Promise<unknown> {
    const { apiUrl, apiKey, fetch: send = fetch } = this.access;
    const url = `${apiUrl.replace(/\/$/, '')}/api/v1/${path}`;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
    const response = await send(url, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch((cause: unknown) => {
      const reason = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
      throw new DomainError({ kind: 'unavailable', code: 'api_unavailable', message: `Astrolabe does not answer at ${apiUrl} (${reason}): check that it is up and the address is right`, cause });
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const told = problem.safeParse(answer);
    throw new DomainError({
      kind: kindOfStatus(response.status),
      code: told.success ? told.data.code : 'api_refused',
      message: told.success ? told.data.detail : `Astrolabe at ${apiUrl} answered ${response.status} to ${method} ${path}: check that the address is that of an Astrolabe service`,
    });
  }
}

function kindOfStatus(status: number): ErrorKind {
  if (status >= 500 || status === 429 || status === 408) return 'unavailable';
  const kinds: Record<number, ErrorKind> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 413: 'too_large' };
  return kinds[status] ?? 'invalid';
}
