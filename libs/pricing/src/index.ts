export {
  bucketTokens,
  TOKEN_BUCKETS,
  USAGE_RULES,
  type ReportedUsage,
  type TokenBucket,
  type TokenBuckets,
  type UsageHint,
  type UsageRule,
} from './token-buckets.js';
export { chargeOf, OPERATIONS, type Charge, type OperationClass } from './charge.js';
export { PriceBook, type PriceableCall } from './price-book.js';
export { type OverridePrices, type PriceOverride } from './price-override.js';
export { type CallCost, type KnownCost, type UnknownCost, type UnknownCostReason } from './call-cost.js';
export { type PicoUsd } from './pico-usd.js';
export { normaliseProvider } from './provider-aliases.js';
export { CATALOGUE_VERSION } from './catalogue.js';
