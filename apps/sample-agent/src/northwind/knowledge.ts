/** What Northwind Travel's help centre says. The agent embeds, ranks and quotes it. */
export const PASSAGES = {
  refunds: 'Refund: flexible fares get the money back in full; other fares are not refundable.',
  changes: 'Change a booking: any fare can move to another date free of charge until the day before travel.',
  baggage: 'Baggage: every fare includes one bag up to 23 kg. A heavier suitcase pays a fee.',
  subscription: 'Cancel the Plus subscription at any time. Loyal members may be offered a discount of 30 percent.',
  upgrades: 'Upgrade from economy to business for 120 EUR while seats are left.',
  complaints: 'Complaint about a delay: an apology and a voucher of 50 EUR.',
  pets: 'Pets up to 8 kg travel in the cabin; larger animals travel in the hold.',
  checkin: 'Online check-in opens 24 hours before departure and closes one hour before.',
} as const;

export type PassageId = keyof typeof PASSAGES;

export const PASSAGE_IDS = Object.keys(PASSAGES) as PassageId[];

export const BAGGAGE_ALLOWANCE = '23 kg';
export const RETENTION_DISCOUNT_PERCENT = 30;
export const UPGRADE_PRICE_EUR = 120;
export const VOUCHER_EUR = 50;
