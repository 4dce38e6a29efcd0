/** Counting values into bins of one width. */

import { extent, niceStep } from "./scales";

export interface Bins {
  /** One more than there are counts. */
  edges: readonly number[];
  counts: readonly number[];
}

/** At most about `most` bins with round edges; what is not finite is in none. */
export function binned(values: readonly number[], most = 40): Bins {
  const found = extent(values);
  if (found === null) return { edges: [], counts: [] };
  const width = niceStep((found[1] - found[0]) / most || 1);
  const low = Math.floor(found[0] / width) * width;
  const size = Math.floor((found[1] - low) / width) + 1;
  const counts = new Array<number>(size).fill(0);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const at = Math.min(size - 1, Math.floor((value - low) / width));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return { edges: Array.from({ length: size + 1 }, (_, at) => low + at * width), counts };
}

/** Bars on one another in a box of 1 by 1 for each bin, as SVG paths, one for each group; `gap` is part of a bin. */
export function barPaths(groups: readonly (readonly number[])[], gap: number): string[] {
  const size = Math.max(0, ...groups.map((counts) => counts.length));
  const sums = new Array<number>(size).fill(0);
  for (const counts of groups) for (const [at, count] of counts.entries()) sums[at] = (sums[at] ?? 0) + count;
  const tallest = Math.max(...sums, 1);
  const under = new Array<number>(size).fill(0);
  return groups.map((counts) =>
    counts
      .map((count, at) => {
        if (count === 0) return "";
        const begin = under[at] ?? 0;
        under[at] = begin + count;
        return `M${at + gap / 2} ${1 - begin / tallest}V${1 - (begin + count) / tallest}h${1 - gap}V${1 - begin / tallest}z`;
      })
      .join(""),
  );
}
