/** Northwind Travel's systems of record, as far as one end customer can see them. Amounts are whole euros; dates are ISO days. */
export interface World {
  /** By booking reference, such as `NW4821`. */
  bookings: Record<string, Booking>;
  subscription: Subscription | null;
  vouchersEur: number;
  handoff: { reason: string } | null;
}

export interface Booking {
  route: string;
  date: string;
  cabin: 'economy' | 'business';
  priceEur: number;
  refundable: boolean;
  status: 'confirmed' | 'refunded';
}

export interface Subscription {
  plan: string;
  status: 'active' | 'cancelled';
  discountPercent: number;
}

/** The customer that `/converse` meets when the scenario names no initial state. */
export function defaultWorld(): World {
  return {
    bookings: {
      NW4821: { route: 'Lisbon - Oslo', date: '2027-03-02', cabin: 'economy', priceEur: 240, refundable: true, status: 'confirmed' },
    },
    subscription: { plan: 'Northwind Plus', status: 'active', discountPercent: 0 },
    vouchersEur: 0,
    handoff: null,
  };
}
