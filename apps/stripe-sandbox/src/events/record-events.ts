import type { Change } from '../state/journal-entry.js';
import type { SandboxState } from '../state/sandbox-state.js';
import { createDelivery } from '../webhooks/delivery.js';
import { createEvent, wantsType, type Cause, type Happening } from './event.js';
import { thinCounterpart, type ThinEventObject } from './thin-event.js';

/**
 * The events of what happened, and a delivery to each endpoint that wants one. They are changes of the same journal line as what happened:
 * an event without its cause, or a cause that nobody is told of, cannot be left by a crash.
 */
export function recordEvents(state: SandboxState, happenings: readonly Happening[], given: { cause: Cause | null; now: number }): Change[] {
  return happenings.flatMap((happening) => {
    const event = createEvent(happening, given.cause);
    const invoice = happening.type === 'invoice.created' ? happening.object.id : null;
    const deliveries = endpointsFor(state, event.type).map((endpoint) => createDelivery({ event, endpoint, invoice }, given.now));
    const thin = destinationsFor(state, `v1.${event.type}`).length > 0 ? recordThinEvent(state, thinCounterpart(event), given.now, invoice) : [];
    return [{ kind: 'put', object: event }, ...deliveries.map((object): Change => ({ kind: 'put', object })), ...thin];
  });
}

/** `invoice` is the draft that is to wait for the deliveries. */
export function recordThinEvent(state: SandboxState, event: ThinEventObject, now: number, invoice: string | null = null): Change[] {
  const deliveries = destinationsFor(state, event.type).map((endpoint) => createDelivery({ event, endpoint, invoice }, now));
  return [{ kind: 'put', object: event }, ...deliveries.map((object): Change => ({ kind: 'put', object }))];
}

/** Whether anybody is to be told of a new invoice: its finalisation waits for that. */
export function isInvoiceCreatedWanted(state: SandboxState): boolean {
  return endpointsFor(state, 'invoice.created').length + destinationsFor(state, 'v1.invoice.created').length > 0;
}

function endpointsFor({ webhookEndpoints }: SandboxState, type: string): string[] {
  return [...webhookEndpoints.values()].filter(({ status, enabled_events }) => status === 'enabled' && wantsType(enabled_events, type)).map(({ id }) => id);
}

function destinationsFor({ eventDestinations }: SandboxState, type: string): string[] {
  return [...eventDestinations.values()].filter(({ enabled_events }) => wantsType(enabled_events, type)).map(({ id }) => id);
}
