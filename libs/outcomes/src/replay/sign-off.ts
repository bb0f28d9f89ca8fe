import type { Database, Tx } from '#platform';

/** Whether somebody signed off a replay of exactly this text. */
export async function isSignedOff(db: Pick<Tx | Database, 'selectFrom'>, organizationId: string, contract: { id: string; version: number; sourceSha256: string }): Promise<boolean> {
  const row = await db
    .selectFrom('contractReplays')
    .innerJoin('replaySignOffs', 'replaySignOffs.replayId', 'contractReplays.id')
    .select('replaySignOffs.id')
    .where('contractReplays.organizationId', '=', organizationId)
    .where('contractId', '=', contract.id)
    .where('contractVersion', '=', contract.version)
    .where('sourceSha256', '=', contract.sourceSha256)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
