import { Injectable } from '@nestjs/common';
import { Postgres, type Database, type Tx } from '../postgres/open-postgres.js';

/** How far a job that follows a stream has come, kept with what it wrote: pass the transaction that does the work. */
@Injectable()
export class JobCursors {
  constructor(private readonly db: Postgres) {}

  async read(name: string, organizationId: string): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('jobCursors')
      .select('position')
      .where('name', '=', name)
      .where('organizationId', '=', organizationId)
      .executeTakeFirst();
    return row?.position;
  }

  async write(tx: Tx | Database, name: string, organizationId: string, position: string): Promise<void> {
    await tx
      .insertInto('jobCursors')
      .values({ name, organizationId, position })
      .onConflict((conflict) => conflict.columns(['name', 'organizationId']).doUpdateSet({ position }))
      .execute();
  }
}
