export { passK, type TaskTrials } from './pass-k.js';
export { clusteredMean, type ClusteredMean } from './clustered-mean.js';
export { pairedDifference, type PairedDifference, type PairedTask } from './paired-difference.js';
export { mcnemarExact } from './mcnemar.js';
export { greatestCommonDivisor, signFlipExact } from './sign-flip.js';
export { normalQuantile } from './normal-quantile.js';
export { wilsonInterval, type Interval } from './wilson.js';
export { holmAdjust } from './holm.js';
