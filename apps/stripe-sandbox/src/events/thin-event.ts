import type Stripe from 'stripe';
import { randomId } from '#platform';
import type { MeterErrorData } from '../meters/error-reports.js';
import type { EventObject, EventSubject } from './event.js';

/** The thin counterpart of a snapshot event has its type behind `v1.`. */
export type ThinType = `v1.${EventObject['type']}` | 'v1.billing.meter.error_report_triggered';

/** A thin event as it is fetched. `data` is not part of what is sent. */
export type ThinEventObject = Pick<Stripe.V2.Core.Event, 'id' | 'object' | 'created' | 'livemode'> & {
  type: ThinType;
  related_object: { id: string; type: string; url: string };
  snapshot_event?: string;
  data?: MeterErrorData;
};

const COLLECTION_PATHS: Record<EventSubject['object'], string> = {
  customer: '/v1/customers',
  'billing.meter': '/v1/billing/meters',
  product: '/v1/products',
  price: '/v1/prices',
  subscription: '/v1/subscriptions',
  invoice: '/v1/invoices',
  credit_note: '/v1/credit_notes',
  'test_helpers.test_clock': '/v1/test_helpers/test_clocks',
};

export function thinCounterpart({ id, created, type, data: { object } }: EventObject): ThinEventObject {
  return {
    id: randomId('evt_sandbox'),
    object: 'v2.core.event',
    created: isoTime(created),
    livemode: false,
    related_object: relatedTo(object),
    snapshot_event: id,
    type: `v1.${type}`,
  };
}

export function createErrorReportEvent(meter: string, data: MeterErrorData, at: number): ThinEventObject {
  return {
    id: randomId('evt_sandbox'),
    object: 'v2.core.event',
    created: isoTime(at),
    data,
    livemode: false,
    related_object: relatedTo({ object: 'billing.meter', id: meter }),
    type: 'v1.billing.meter.error_report_triggered',
  };
}

/** What goes out by webhook: the event without its data, which is to be fetched. */
export function notificationOf({ data: _data, ...notification }: ThinEventObject): Omit<ThinEventObject, 'data'> {
  return notification;
}

function relatedTo({ object, id }: Pick<EventSubject, 'object' | 'id'>): ThinEventObject['related_object'] {
  return { id, type: object, url: `${COLLECTION_PATHS[object]}/${id}` };
}

function isoTime(unixSeconds: number): string {
  return new Date(unixSeconds * 1_000).toISOString();
}
