/** Counts in bins as bars, and what stands below these. */

import { numberTicks } from "./ticks";

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

/** What stands below bars, as values with places from 0 to 1: round numbers, or of edges that are not of one width those
 * of one digit that have room, the roundest first. */
export function edgeTicks(edges: readonly number[]): { value: number; at: number }[] {
  const last = edges.length - 1;
  const [low = 0, high = 1] = [edges[0], edges[last]];
  if (last < 1) return [];
  if (isEven(edges))
    return numberTicks([low, high], 5).map(({ value }) => ({ value, at: (value - low) / (high - low) }));
  const round = edges.map((edge, at) => ({ at, rank: ["1", "5", "2"].indexOf(digitsOf(edge)) }));
  const found: number[] = [0];
  for (const { at } of round.filter(({ rank }) => rank >= 0).sort((a, b) => a.rank - b.rank || a.at - b.at)) {
    if (found.every((one) => Math.abs(one - at) >= last / 8)) found.push(at);
  }
  return found.sort((a, b) => a - b).map((at) => ({ value: edges[at] ?? 0, at: at / last }));
}

function isEven(edges: readonly number[]): boolean {
  const width = (edges[1] ?? 1) - (edges[0] ?? 0);
  return Math.abs((edges.at(-1) ?? 0) - (edges.at(-2) ?? 0) - width) < width / 100;
}

function digitsOf(value: number): string {
  return String(Number(value.toPrecision(4))).replace(/[.0]/g, "");
}
