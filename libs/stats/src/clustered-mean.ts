/** A mean with the two standard errors that matter: as if trials were independent, and with trials clustered by task. */
export interface ClusteredMean {
  mean: number;
  /** sqrt(population variance / n): ignores that trials of one task resemble each other. */
  naiveError: number;
  /** `null` with a single cluster: nothing can be said of the spread between clusters. */
  clusteredError: number | null;
  /** (clustered / naive)^2, how many times fewer independent trials there really are; `null` where it is undefined. */
  designEffect: number | null;
}

/**
 * Mean over all observations of all clusters, each observation with the same weight. The clustered error is
 * sqrt( C/(C-1) sum over clusters of (sum of residuals)^2 ) / n, the cluster-robust error with the finite correction
 * (Miller, arXiv:2411.00640, appendix A). At least one observation is needed; empty clusters are refused.
 */
export function clusteredMean(clusters: readonly (readonly number[])[]): ClusteredMean {
  if (clusters.length === 0 || clusters.some((cluster) => cluster.length === 0)) {
    throw new RangeError('clusteredMean: needs at least one cluster, and none empty');
  }
  const observations = clusters.flat();
  const count = observations.length;
  const mean = sum(observations) / count;
  const naiveError = Math.sqrt(sum(observations.map((value) => (value - mean) ** 2))) / count;
  if (clusters.length === 1) return { mean, naiveError, clusteredError: null, designEffect: null };

  const betweenClusters = sum(clusters.map((cluster) => sum(cluster.map((value) => value - mean)) ** 2));
  const clusteredError = Math.sqrt((clusters.length / (clusters.length - 1)) * betweenClusters) / count;
  return { mean, naiveError, clusteredError, designEffect: naiveError === 0 ? null : (clusteredError / naiveError) ** 2 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
