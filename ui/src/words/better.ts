const LESS_IS_BETTER = /loss|err|mae|mse|perplexity|nll|\bwer\b|latency|seconds|\btime|cost|regret/i;

/** By its name, whether the smallest value of a metric is the best. A guess, which the reader can turn. */
export function isLessBetter(metric: string): boolean {
  return LESS_IS_BETTER.test(metric);
}
