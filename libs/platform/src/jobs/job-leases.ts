import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { randomId } from '../ids.js';
import { Postgres } from '../postgres/open-postgres.js';

/** One process at a time does a job, whichever it is. The work itself must still be safe to repeat: a lease can run out under a slow holder. */
@Injectable()
export class JobLeases {
  readonly #holder = randomId('holder');

  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  /** Runs `work` if nobody else holds the lease. The lease is given back at the end, also when the work failed. */
  async withLease<Result>(name: string, ttlMs: number, work: () => Promise<Result>): Promise<{ kind: 'done'; result: Result } | { kind: 'held_elsewhere' }> {
    if (!(await this.#take(name, ttlMs))) return { kind: 'held_elsewhere' };
    try {
      return { kind: 'done', result: await work() };
    } finally {
      await this.db.deleteFrom('jobLeases').where('name', '=', name).where('holder', '=', this.#holder).execute();
    }
  }

  async #take(name: string, ttlMs: number): Promise<boolean> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + ttlMs);
    const taken = await this.db
      .insertInto('jobLeases')
      .values({ name, holder: this.#holder, expiresAt })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ holder: this.#holder, expiresAt }).where('jobLeases.expiresAt', '<=', now),
      )
      .returning('name')
      .executeTakeFirst();
    return taken !== undefined;
  }
}
