import { Injectable } from '@nestjs/common';
import { Postgres } from '#platform';
import type { ObservedTurn, Verdict } from '../suites/observation.js';
import type { RecordedTrial, RunPlan, Trial, TrialStanding, TrialStatus } from './run.js';
import type { NewRun } from './run-recorder.js';

export interface StoredSuite {
  sha256: string;
  name: string;
  source: string;
}

/** A run as it is stored. Times: `startedAt` is when the service first heard of it, `finishedAt` when all its trials were in. */
export interface StoredRun extends RunPlan {
  id: string;
  suiteName: string;
  settings: unknown;
  startedAt: Date;
  finishedAt: Date | null;
}

/** How many trials of a run stand how. */
export type TrialCounts = Record<TrialStatus, number>;

/**
 * Suites, runs, trials and verdicts in PostgreSQL. A run's id does not depend on the organization, the key of its row must: it is stored as
 * `organization/run`, so that one organization's run can neither be met nor blocked by another's.
 */
@Injectable()
export class EvalsStore {
  constructor(private readonly db: Postgres) {}

  async putSuite(organizationId: string, suite: StoredSuite, now: Date): Promise<void> {
    await this.db
      .insertInto('suites')
      .values({ organizationId, ...suite, createdAt: now })
      .onConflict((conflict) => conflict.columns(['organizationId', 'sha256']).doNothing())
      .execute();
  }

  async getSuite(organizationId: string, sha256: string): Promise<StoredSuite | undefined> {
    return this.db
      .selectFrom('suites')
      .select(['sha256', 'name', 'source'])
      .where('organizationId', '=', organizationId)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
  }

  /** @returns whether it is new. */
  async putRun(organizationId: string, run: NewRun, suiteName: string, now: Date): Promise<boolean> {
    const inserted = await this.db
      .insertInto('runs')
      .values({
        id: rowKey(organizationId, run.id),
        organizationId,
        suiteSha256: run.suiteSha256,
        suiteName,
        variant: run.variant.name,
        variantValue: jsonb(run.variant.value ?? null),
        trialsPlanned: run.trials,
        seed: BigInt(run.seed),
        settings: jsonb(run.settings),
        startedAt: now,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  }

  async getRun(organizationId: string, runId: string): Promise<StoredRun | undefined> {
    const row = await this.#runs(organizationId).where('id', '=', rowKey(organizationId, runId)).executeTakeFirst();
    return row && toRun(organizationId, row);
  }

  /** Newest first. */
  async listRuns(organizationId: string, limit: number): Promise<(StoredRun & { counts: TrialCounts })[]> {
    const rows = await this.#runs(organizationId).orderBy('startedAt', 'desc').orderBy('id').limit(limit).execute();
    if (rows.length === 0) return [];
    const counted = await this.db
      .selectFrom('trials')
      .select(({ fn }) => ['runId', 'status', fn.countAll<bigint>().as('count')])
      .where('organizationId', '=', organizationId)
      .where('runId', 'in', rows.map((row) => row.id))
      .groupBy(['runId', 'status'])
      .execute();
    return rows.map((row) => {
      const counts: TrialCounts = { passed: 0, failed: 0, infrastructure_error: 0 };
      for (const { runId, status, count } of counted) if (runId === row.id) counts[status as TrialStatus] = Number(count);
      return { ...toRun(organizationId, row), counts };
    });
  }

  async finishRun(organizationId: string, runId: string, now: Date): Promise<void> {
    await this.db
      .updateTable('runs')
      .set({ finishedAt: now })
      .where('id', '=', rowKey(organizationId, runId))
      .where('finishedAt', 'is', null)
      .execute();
  }

  /**
   * Writes a trial and its verdicts together. The statement itself decides who is first: a result stays, an infrastructure error, which
   * has no verdicts, gives way.
   */
  async putTrial(organizationId: string, runId: string, played: Trial): Promise<RecordedTrial> {
    const { scenarioId, trial, status } = played;
    const key = { runId: rowKey(organizationId, runId), scenarioId, trial };
    const content = {
      conversationId: played.conversationId,
      status,
      error: played.error === null ? null : storable(played.error),
      attempts: played.attempts,
      transcript: jsonb(played.transcript),
      finalState: jsonb(played.finalState ?? null),
      startedAt: played.startedAt,
      endedAt: played.endedAt,
    };
    return this.db.transaction().execute(async (tx) => {
      const written = await tx
        .insertInto('trials')
        .values({ ...key, organizationId, ...content })
        .onConflict((conflict) =>
          conflict.columns(['runId', 'scenarioId', 'trial']).doUpdateSet(content).where('trials.status', '=', 'infrastructure_error'),
        )
        .returning('trial')
        .executeTakeFirst();
      if (!written) {
        const standing = await tx
          .selectFrom('trials')
          .select('status')
          .where('runId', '=', key.runId)
          .where('scenarioId', '=', scenarioId)
          .where('trial', '=', trial)
          .executeTakeFirstOrThrow();
        return { kind: 'already_recorded', status: standing.status as TrialStatus };
      }
      const verdicts = played.verdicts.map((verdict, checkIndex) => ({ ...key, checkIndex, kind: verdict.kind, passed: verdict.passed, explanation: storable(verdict.explanation) }));
      if (verdicts.length > 0) await tx.insertInto('verdicts').values(verdicts).execute();
      return { kind: 'recorded', status };
    });
  }

  /** By scenario and number, without what was said in them. */
  async standingsOf(organizationId: string, runId: string): Promise<TrialStanding[]> {
    const rows = await this.db
      .selectFrom('trials')
      .select(['scenarioId', 'trial', 'status'])
      .where('organizationId', '=', organizationId)
      .where('runId', '=', rowKey(organizationId, runId))
      .orderBy('scenarioId')
      .orderBy('trial')
      .execute();
    return rows.map((row) => ({ ...row, status: row.status as TrialStatus }));
  }

  /** By scenario and number, with their verdicts in the order of the checks. */
  async trialsOf(organizationId: string, runId: string): Promise<Trial[]> {
    const key = rowKey(organizationId, runId);
    const rows = await this.db
      .selectFrom('trials')
      .selectAll()
      .where('organizationId', '=', organizationId)
      .where('runId', '=', key)
      .orderBy('scenarioId')
      .orderBy('trial')
      .execute();
    const verdicts = await this.db.selectFrom('verdicts').selectAll().where('runId', '=', key).orderBy('checkIndex').execute();
    const byTrial = Map.groupBy(verdicts, ({ scenarioId, trial }) => `${trial} ${scenarioId}`);
    return rows.map(({ runId: _runId, organizationId: _organizationId, ...row }) => ({
      ...row,
      status: row.status as TrialStatus,
      transcript: row.transcript as unknown as ObservedTurn[],
      verdicts: (byTrial.get(`${row.trial} ${row.scenarioId}`) ?? []).map(({ kind, passed, explanation }) => ({ kind: kind as Verdict['kind'], passed, explanation })),
    }));
  }

  #runs(organizationId: string) {
    return this.db.selectFrom('runs').selectAll().where('organizationId', '=', organizationId);
  }
}

interface RunRow {
  id: string;
  suiteSha256: string;
  suiteName: string;
  variant: string;
  variantValue: unknown;
  trialsPlanned: number;
  seed: bigint;
  settings: unknown;
  startedAt: Date;
  finishedAt: Date | null;
}

function toRun(organizationId: string, row: RunRow): StoredRun {
  return {
    id: row.id.slice(organizationId.length + 1),
    suiteSha256: row.suiteSha256,
    suiteName: row.suiteName,
    variant: { name: row.variant, ...(row.variantValue !== null && { value: row.variantValue }) },
    trials: row.trialsPlanned,
    seed: Number(row.seed),
    settings: row.settings,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}

function rowKey(organizationId: string, runId: string): string {
  return `${organizationId}/${runId}`;
}

// What an agent says is not ours to choose, and PostgreSQL takes neither NUL nor half a surrogate pair.
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function jsonb(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? storable(inner) : inner));
}
