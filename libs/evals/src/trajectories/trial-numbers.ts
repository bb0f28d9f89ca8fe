/** What a reader knows of a record before it is told from its siblings. */
export interface RecordKey {
  taskId: string;
  /** As written in the file. */
  trial: number | null;
  /** Differs wherever the conversation differs, and is the same when the file is read again. */
  fingerprint: string;
}

/**
 * Trial numbers and identities for the records of a file. A record without a number takes the lowest that its task has free, in file
 * order. An identity is the fingerprint; a record that repeats an earlier one exactly gets a count, so that both are kept.
 */
export function numberTrials(records: readonly RecordKey[]): { trial: number; identity: string }[] {
  const taken = new Map<string, Set<number>>();
  for (const { taskId, trial } of records) {
    const numbers = taken.get(taskId) ?? new Set<number>();
    taken.set(taskId, trial === null ? numbers : numbers.add(trial));
  }
  const seen = new Map<string, number>();
  return records.map(({ taskId, trial, fingerprint }) => {
    const copies = seen.get(fingerprint) ?? 0;
    seen.set(fingerprint, copies + 1);
    const identity = copies === 0 ? fingerprint : `${fingerprint}#${copies + 1}`;
    return { trial: trial ?? takeFree(taken.get(taskId) ?? new Set()), identity };
  });
}

function takeFree(taken: Set<number>): number {
  let free = 0;
  while (taken.has(free)) free++;
  taken.add(free);
  return free;
}
