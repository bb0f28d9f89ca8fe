/**
 * Lets time pass: carries out what has fallen due, in order, each step as at its own time and in a journal line of its own.
 *
 * `catchUp` is done on a timer and before each call of the API; it never waits, so that a webhook's handler can call the API while its
 * delivery is under way. Test clocks that advance do wait after each step until the webhooks of that moment were attempted once: what their
 * handlers do to a draft happens before the hour of the draft is over.
 * Safe to interrupt anywhere: what is due follows from the state, and an advancing clock goes on after a restart.
 */
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { recordEvents, recordThinEvent } from '../events/record-events.js';
import { createErrorReportEvent } from '../events/thin-event.js';
import type { Effect } from '../invoices/finalize-at.js';
import { dueForReport, reportErrors } from '../meters/error-reports.js';
import { SandboxBehaviour } from '../sandbox-behaviour.js';
import type { Change } from '../state/journal-entry.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { Deliverer } from '../webhooks/deliverer.js';
import { carryOut } from './carry-out.js';
import { nextStep, type Timeline } from './due-steps.js';
import { arrive, targetOf, type TestClockObject } from './test-clock.js';
import { TickInterval } from './tick-interval.js';

/** A handler that makes something new happen whenever it is told of something would else keep a tick busy for ever. */
const TICK_ROUNDS_MAX = 100;

@Injectable()
export class TimeKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('StripeSandbox');
  #timer: NodeJS.Timeout | undefined;
  #isClosing = false;
  #advancing: Promise<void> | undefined;
  /** Nothing is due before `until` as long as these are as they were. */
  #quiet = { scheduleChanges: -1, graceSeconds: -1, until: 0 };

  constructor(
    private readonly store: SandboxStore,
    private readonly behaviour: SandboxBehaviour,
    private readonly deliverer: Deliverer,
    private readonly interval: TickInterval,
  ) {}

  onApplicationBootstrap(): void {
    if (this.interval.ms > 0) this.#timer = setInterval(() => this.#beat(), this.interval.ms).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.deliverer.stop();
    await this.#advancing;
  }

  /** Carries out what is due by the sandbox's clock, and by test clocks that stand still. */
  catchUp(): void {
    const { state } = this.store;
    const graceSeconds = this.behaviour.finalizationGraceSeconds;
    const now = this.store.now();
    const quiet = this.#quiet;
    if (quiet.scheduleChanges === state.scheduleChanges && quiet.graceSeconds === graceSeconds && now < quiet.until) return;
    for (const { id, status, frozen_time } of state.testClocks.values()) if (status === 'ready') this.#carryOutUntil(id, frozen_time);
    const until = this.#carryOutUntil(null, now);
    this.#quiet = { scheduleChanges: state.scheduleChanges, graceSeconds, until };
  }

  /** Everything that is due, until nothing more is, and every due delivery attempted once. */
  async tick(): Promise<void> {
    const { state } = this.store;
    const happened = (): number => state.scheduleChanges + state.events.size + state.thinEvents.size;
    for (let round = 0; round < TICK_ROUNDS_MAX; round += 1) {
      const before = happened();
      this.catchUp();
      this.#reportMeterErrors();
      await this.advanceClocks({ isTick: true });
      await this.deliverer.attemptDue({ isTick: true });
      if (happened() === before) break;
    }
    await this.store.settled();
  }

  /** Takes every advancing clock to where it is to arrive. One run at a time. */
  advanceClocks(options: { isTick: boolean } = { isTick: false }): Promise<void> {
    this.#advancing ??= this.#advanceAll(options).finally(() => (this.#advancing = undefined));
    return this.#advancing;
  }

  #beat(): void {
    try {
      this.catchUp();
      this.#reportMeterErrors();
      this.deliverer.deliverDue();
      this.advanceClocks().catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Said once: the calls of the API fail for the same reason from now on, and say so each time. */
  #fail(error: unknown): void {
    clearInterval(this.#timer);
    this.#logger.error(error);
  }

  /** @returns when the next step is due */
  #carryOutUntil(timeline: Timeline, limit: number): number {
    for (;;) {
      const step = nextStep(this.store.state, timeline, this.behaviour.finalizationGraceSeconds);
      if (!step || step.at > limit) return step?.at ?? Number.POSITIVE_INFINITY;
      this.#commit(carryOut(this.store.state, step, this.behaviour));
    }
  }

  async #advanceAll(options: { isTick: boolean }): Promise<void> {
    for (;;) {
      const clock = [...this.store.state.testClocks.values()].find(({ status }) => status === 'advancing');
      if (!clock || this.#isClosing) return;
      await this.#advanceOnce(clock, options);
    }
  }

  async #advanceOnce(clock: TestClockObject, options: { isTick: boolean }): Promise<void> {
    const { state } = this.store;
    const step = nextStep(state, clock.id, this.behaviour.finalizationGraceSeconds);
    if (step && step.at <= targetOf(clock)) {
      const moved = { ...clock, frozen_time: Math.max(clock.frozen_time, step.at) };
      const { changes, events } = carryOut(state, step, this.behaviour);
      this.#commit({ changes: [{ kind: 'put', object: moved }, ...changes], events });
    } else {
      const arrived = arrive(clock);
      const event = { type: 'test_helpers.test_clock.ready' as const, object: arrived, at: arrived.frozen_time };
      this.#commit({ changes: [{ kind: 'put', object: arrived }], events: [event] });
    }
    await this.deliverer.attemptDue(options);
  }

  #reportMeterErrors(): void {
    const { state } = this.store;
    const now = this.store.now();
    const records = dueForReport(state.usage.unreported(), now - this.behaviour.validationLagSeconds);
    if (records.length === 0) return;
    const events = reportErrors(records).map(({ meter, developer_message_summary, reason, validation_start, validation_end }) =>
      createErrorReportEvent(meter, { developer_message_summary, reason, validation_start, validation_end }, now),
    );
    const changes: Change[] = events.flatMap((event) => recordThinEvent(state, event, now));
    this.#append([...changes, { kind: 'meter_errors_reported', identifiers: records.map(({ event }) => event.identifier) }]);
  }

  #commit({ changes, events }: Effect): void {
    this.#append([...changes, ...recordEvents(this.store.state, events, { cause: null, now: this.store.now() })]);
  }

  /** Nobody waits here: whoever reads or delivers waits for the disk, and is told when it failed. */
  #append(changes: Change[]): void {
    this.store.commit({ changes }).catch(() => undefined);
  }
}
