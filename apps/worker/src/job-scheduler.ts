import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { BookingService, ClosingService, DeliveryService, ReconciliationService } from '#billing';
import { DecisionService, OutcomeMirror } from '#outcomes';
import { CONFIG, JobLeases, LOGGER, Postgres, type Config, type Logger } from '#platform';
import { ContentErasures, TelemetrySettingsService } from '#traces';

/** A piece of recurring work for one organization. It must be safe to repeat: a lease can run out under a slow holder. */
interface Job {
  name: string;
  everyMs: number;
  run(organizationId: string): Promise<unknown>;
}

const LEASE_MS = 60_000;

/**
 * Runs the recurring work: for each organization, under a lease, so that of several workers one does it. A round that is still running when
 * the next is due lets that one pass. A failed round is logged and tried again at the next.
 */
@Injectable()
export class JobScheduler implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #jobs: readonly Job[];
  #isStopping = false;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly db: Postgres,
    private readonly leases: JobLeases,
    private readonly registry: SchedulerRegistry,
    decisions: DecisionService,
    booking: BookingService,
    mirror: OutcomeMirror,
    closing: ClosingService,
    delivery: DeliveryService,
    reconciliation: ReconciliationService,
    erasures: ContentErasures,
    settings: TelemetrySettingsService,
  ) {
    this.#jobs = [
      {
        name: 'decide',
        everyMs: config.DECIDE_EVERY_MS,
        run: async (organizationId) => {
          await decisions.run(organizationId, async (tx, changes) => void (await booking.book(tx, changes)));
          await mirror.run(organizationId);
        },
      },
      { name: 'close', everyMs: config.CLOSE_EVERY_MS, run: (organizationId) => closing.closeDue(organizationId) },
      { name: 'deliver', everyMs: config.DELIVER_EVERY_MS, run: (organizationId) => delivery.deliverDue(organizationId) },
      { name: 'reconcile', everyMs: config.RECONCILE_EVERY_MS, run: (organizationId) => reconciliation.reconcile(organizationId) },
      {
        name: 'erase',
        everyMs: config.ERASE_EVERY_MS,
        run: async (organizationId) => {
          // Neither waits for the other to succeed.
          await erasures.repeat(organizationId).finally(() => settings.applyRetention(organizationId));
        },
      },
    ];
  }

  onApplicationBootstrap(): void {
    for (const job of this.#jobs) {
      this.registry.addInterval(
        job.name,
        setInterval(() => this.#startRound(job), job.everyMs),
      );
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopping = true;
    for (const job of this.#jobs) if (this.registry.doesExist('interval', job.name)) this.registry.deleteInterval(job.name);
    await Promise.all(this.#rounds.values());
  }

  #startRound(job: Job): void {
    if (this.#rounds.has(job.name) || this.#isStopping) return;
    this.#rounds.set(
      job.name,
      this.#round(job).finally(() => this.#rounds.delete(job.name)),
    );
  }

  async #round(job: Job): Promise<void> {
    try {
      const organizations = await this.db.selectFrom('organizations').select('id').orderBy('id').execute();
      for (const { id } of organizations) {
        if (!this.#isStopping) await this.#runFor(job, id);
      }
    } catch (error) {
      this.logger.error({ err: error, job: job.name }, 'organizations cannot be listed; the job is tried again at its next round');
    }
  }

  // One organization's failure is no other's: each has its own lease, its own attempt and its own line in the log.
  async #runFor(job: Job, organizationId: string): Promise<void> {
    try {
      await this.leases.withLease(`${job.name}:${organizationId}`, LEASE_MS, () => job.run(organizationId));
    } catch (error) {
      this.logger.error({ err: error, job: job.name, organizationId }, 'job failed; it is tried again at its next round');
    }
  }
}
