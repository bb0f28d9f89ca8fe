import { Injectable } from '@nestjs/common';
import { Clock, DomainError, Postgres, randomId, type Audit } from '#platform';
import type { ContractVersion } from '../contract-store.js';
import type { ReplayResult } from './replay-comparison.js';
import type { ReplayWindow } from './replay-conversation.js';

/** A replay that was carried out. */
export interface Replay {
  id: string;
  contract: ContractVersion & { sourceSha256: string };
  against: ContractVersion[];
  window: ReplayWindow;
  result: ReplayResult;
  warnings: string[];
  replayedAt: Date;
  replayedBy: string;
  signOffs: SignOff[];
}

/** Somebody has looked at a replay and agrees. */
export interface SignOff {
  note: string;
  signedAt: Date;
  signedBy: string;
}

/** Replays and who signed them off. Both only grow. */
@Injectable()
export class ReplayStore {
  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  async add(organizationId: string, { contract, against, window, result, warnings, replayedBy }: Omit<Replay, 'id' | 'replayedAt' | 'signOffs'>): Promise<Replay> {
    const [id, replayedAt] = [randomId('rpl'), this.clock.now()];
    await this.db
      .insertInto('contractReplays')
      .values({
        ...{ id, organizationId, contractId: contract.id, contractVersion: contract.version, sourceSha256: contract.sourceSha256 },
        ...{ against: JSON.stringify(against), windowFrom: window.from, windowTo: window.to, result: JSON.stringify({ result, warnings }), replayedAt, replayedBy },
      })
      .execute();
    return { id, contract, against, window, result, warnings, replayedAt, replayedBy, signOffs: [] };
  }

  /** @throws DomainError `replay_not_found` */
  async read(organizationId: string, id: string): Promise<Replay> {
    const row = await this.db.selectFrom('contractReplays').selectAll().where('organizationId', '=', organizationId).where('id', '=', id).executeTakeFirst();
    if (!row) throw new DomainError({ kind: 'not_found', code: 'replay_not_found', message: `There is no replay ${id}: astrolabe contracts replay makes one, and says its id` });
    const signOffs = await this.db.selectFrom('replaySignOffs').select(['note', 'signedAt', 'signedBy']).where('organizationId', '=', organizationId).where('replayId', '=', id).orderBy('signedAt').execute();
    return {
      id,
      contract: { id: row.contractId, version: row.contractVersion, sourceSha256: row.sourceSha256 },
      against: row.against as unknown as ContractVersion[],
      window: { from: row.windowFrom, to: row.windowTo },
      ...(row.result as unknown as Pick<Replay, 'result' | 'warnings'>),
      replayedAt: row.replayedAt,
      replayedBy: row.replayedBy,
      signOffs,
    };
  }

  /** @throws DomainError `replay_not_found` */
  async signOff(organizationId: string, id: string, { note, signedBy }: Pick<SignOff, 'note' | 'signedBy'>, audit?: Audit): Promise<Replay> {
    const { contract } = await this.read(organizationId, id);
    await this.db.transaction().execute(async (tx) => {
      await tx.insertInto('replaySignOffs').values({ id: randomId('sig'), organizationId, replayId: id, note, signedAt: this.clock.now(), signedBy }).execute();
      const after = { contract: `${contract.id}@${contract.version}`, sourceSha256: contract.sourceSha256 };
      await audit?.record(tx, { organizationId, action: 'replay.signed_off', subject: { kind: 'replay', id }, after });
    });
    return this.read(organizationId, id);
  }
}
