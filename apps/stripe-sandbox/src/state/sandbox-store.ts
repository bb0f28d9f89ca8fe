import { Clock } from '#platform';
import { Journal } from '../storage/journal.js';
import { customerTime } from '../time/customer-time.js';
import type { JournalEntry } from './journal-entry.js';
import { SandboxState } from './sandbox-state.js';

/**
 * State and journal together. A change is in memory at once, so that the next call already sees it and two calls cannot both pass the same
 * check; it is answered when it is on disk. Readers wait for the disk too.
 */
export class SandboxStore {
  private constructor(
    readonly state: SandboxState,
    private readonly journal: Journal,
    private readonly clock: Clock,
  ) {}

  static async open(path: string, clock: Clock): Promise<SandboxStore> {
    const state = new SandboxState();
    // The journal is our own file: its lines are entries, because nothing else is ever appended.
    const journal = await Journal.open(path, (value) => state.apply(value as JournalEntry));
    return new SandboxStore(state, journal, clock);
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }

  /** What time it is for a customer, in unix seconds: that of its test clock, if it has one. */
  timeOf(customer: string | undefined): number {
    return customerTime(this.state, customer, this.now());
  }

  commit(entry: JournalEntry): Promise<void> {
    this.state.apply(entry);
    return this.journal.append(entry);
  }

  /** The state, once everything in it would survive a crash. */
  async settled(): Promise<SandboxState> {
    await this.journal.settled();
    return this.state;
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}
