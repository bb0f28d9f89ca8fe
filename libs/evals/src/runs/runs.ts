import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '#platform';
import { parseSuite } from '../suites/parse-suite.js';
import { compareRuns, type RunComparison } from './compare-runs.js';
import { EvalsStore, type StoredRun, type TrialCounts } from './evals-store.js';
import { runIdOf, type RecordedTrial, type RunStanding, type Trial } from './run.js';
import type { NewRun } from './run-recorder.js';

/** Runs of suites as the service keeps them. It plays none: a runner next to the agent does, and sends what it saw. */
@Injectable()
export class Runs {
  constructor(
    private readonly store: EvalsStore,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `invalid_suite`, `suite_hash_mismatch` */
  async putSuite(organizationId: string, sha256: string, source: string): Promise<{ sha256: string; name: string }> {
    const suite = parseSuite(source, 'suite');
    if (suite.sha256 !== sha256) {
      throw new DomainError({ kind: 'invalid', code: 'suite_hash_mismatch', message: `The content of this suite has the SHA-256 ${suite.sha256}, it was sent as ${sha256}: send it under its own` });
    }
    const { name } = suite;
    await this.store.putSuite(organizationId, { sha256, name, source }, this.clock.now());
    return { sha256, name };
  }

  /** @throws DomainError `run_id_mismatch`, `suite_not_found` */
  async putRun(organizationId: string, run: NewRun): Promise<RunStanding & { run: StoredRun }> {
    const expected = runIdOf(run);
    if (expected !== run.id) {
      throw new DomainError({ kind: 'invalid', code: 'run_id_mismatch', message: `A run of this suite, variant, seed and number of trials has the id ${expected}, not ${run.id}: use a runner of this version` });
    }
    const suite = await this.#suite(organizationId, run.suiteSha256);
    const isNew = await this.store.putRun(organizationId, run, suite.name, this.clock.now());
    return { isNew, run: await this.#run(organizationId, run.id), trials: await this.store.standingsOf(organizationId, run.id) };
  }

  /** @throws DomainError `run_not_found`, `trial_not_planned` */
  async putTrial(organizationId: string, runId: string, trial: Trial): Promise<RecordedTrial> {
    const run = await this.#run(organizationId, runId);
    const scenarioIds = await this.#scenarioIds(organizationId, run);
    if (!scenarioIds.includes(trial.scenarioId) || trial.trial >= run.trials) {
      throw new DomainError({
        kind: 'invalid',
        code: 'trial_not_planned',
        message: `Run ${runId} has trials 0 to ${run.trials - 1} of ${scenarioIds.join(', ')}; trial ${trial.trial} of ${trial.scenarioId} is none of them`,
      });
    }
    return this.store.putTrial(organizationId, runId, trial);
  }

  /** @throws DomainError `run_not_found`, `run_incomplete` */
  async finish(organizationId: string, runId: string): Promise<StoredRun> {
    const run = await this.#run(organizationId, runId);
    const planned = (await this.#scenarioIds(organizationId, run)).length * run.trials;
    const recorded = (await this.store.standingsOf(organizationId, runId)).length;
    if (recorded < planned) {
      throw new DomainError({ kind: 'conflict', code: 'run_incomplete', message: `Run ${runId} has ${recorded} of its ${planned} trials: play the others first` });
    }
    await this.store.finishRun(organizationId, runId, this.clock.now());
    return this.#run(organizationId, runId);
  }

  list(organizationId: string, limit: number): Promise<(StoredRun & { counts: TrialCounts })[]> {
    return this.store.listRuns(organizationId, limit);
  }

  /** @throws DomainError `run_not_found` */
  async get(organizationId: string, runId: string): Promise<{ run: StoredRun; trials: Trial[] }> {
    return { run: await this.#run(organizationId, runId), trials: await this.store.trialsOf(organizationId, runId) };
  }

  /** @throws DomainError `run_not_found`, `no_task_in_both` */
  async compare(organizationId: string, baseId: string, candidateId: string): Promise<RunComparison> {
    const load = async (id: string) => ({ ...(await this.#run(organizationId, id)), trialStandings: await this.store.standingsOf(organizationId, id) });
    return compareRuns(await load(baseId), await load(candidateId));
  }

  async #run(organizationId: string, runId: string): Promise<StoredRun> {
    const run = await this.store.getRun(organizationId, runId);
    if (!run) throw new DomainError({ kind: 'not_found', code: 'run_not_found', message: `There is no run ${runId}; GET /api/v1/runs lists those there are` });
    return run;
  }

  async #suite(organizationId: string, sha256: string) {
    const suite = await this.store.getSuite(organizationId, sha256);
    if (!suite) throw new DomainError({ kind: 'not_found', code: 'suite_not_found', message: `There is no suite ${sha256}; PUT it to /api/v1/suites/${sha256} first` });
    return suite;
  }

  async #scenarioIds(organizationId: string, run: StoredRun): Promise<string[]> {
    const suite = await this.#suite(organizationId, run.suiteSha256);
    return parseSuite(suite.source, suite.name).scenarios.map(({ id }) => id);
  }
}
