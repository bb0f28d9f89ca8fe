import { isDeepStrictEqual } from 'node:util';
import { PriceBook, type PriceOverride } from '#pricing';
import { DomainError, messageOf, type Clock, type Database } from '#platform';
import { ContentPolicy } from './content/content-policy.js';
import { readTelemetrySettings } from './content/telemetry-settings.js';
import type { Sender } from './otlp/transcode.js';

const MAX_AGE_MS = 10_000;
const ENTRIES_MAX = 10_000;

/** Prices and settings of the organizations that send, read again every ten seconds. */
export class SenderStore {
  readonly #senders = new Map<string, { sender: Promise<Sender>; readAtMs: number }>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `prices_unusable`, `telemetry_settings_unusable` */
  get(organizationId: string): Promise<Sender> {
    const nowMs = this.clock.now().getTime();
    const cached = this.#senders.get(organizationId);
    if (cached && nowMs - cached.readAtMs < MAX_AGE_MS) return cached.sender;
    if (this.#senders.size >= ENTRIES_MAX) this.#senders.clear();
    const sender = this.#read(organizationId, cached?.sender);
    this.#senders.set(organizationId, { sender, readAtMs: nowMs });
    // A failed read must not be remembered.
    sender.catch(() => this.#senders.delete(organizationId));
    return sender;
  }

  async #read(organizationId: string, before: Promise<Sender> | undefined): Promise<Sender> {
    const rows = await this.db.selectFrom('modelPrices').select(['provider', 'model', 'effectiveFrom', 'prices']).where('organizationId', '=', organizationId).execute();
    const settings = await readTelemetrySettings(this.db, organizationId);
    const prices = orUnusable('prices_unusable', `The model prices of organization ${organizationId}`, () => {
      return new PriceBook(rows.map((row) => ({ ...row, prices: row.prices as unknown as PriceOverride['prices'] })));
    });
    // Patterns can be made that take long to compile, and are not for nothing.
    const known = await before?.catch(() => undefined);
    const contentPolicy = known && isDeepStrictEqual(known.settings, settings)
      ? known.contentPolicy
      : orUnusable('telemetry_settings_unusable', `The telemetry settings of organization ${organizationId}`, () => new ContentPolicy(settings));
    return { organizationId, prices, settings, contentPolicy };
  }
}

// Our own settings are at fault and not the request: a refusal would make the sender drop spans that are fine.
function orUnusable<T>(code: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new DomainError({ kind: 'unavailable', code, message: `${what} cannot be used (${messageOf(cause)}): correct them, then send again`, cause });
  }
}
