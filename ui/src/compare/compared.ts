import type { CurveSeries } from "@/draw/series";

/** Curves of several runs made comparable: from one beginning, smoothed, or joined to bands. Pure. */

/** Exponential smoothing that starts at the first value; gaps stay gaps. `weight`: 0 leaves all as it is, below 1. */
export function smoothed(ys: ArrayLike<number>, weight: number): Float64Array {
  const found = new Float64Array(ys.length);
  let kept = 0;
  let scale = 0;
  for (let at = 0; at < ys.length; at++) {
    const y = ys[at] ?? Number.NaN;
    if (!Number.isFinite(y)) {
      found[at] = y;
      continue;
    }
    kept = kept * weight + y * (1 - weight);
    scale = scale * weight + (1 - weight);
    found[at] = kept / scale;
  }
  return found;
}

/** Each series smoothed, with its raw points faint behind it. */
export function withSmoothing(series: readonly CurveSeries[], weight: number): CurveSeries[] {
  if (weight <= 0) return [...series];
  return [
    ...series.map((one) => ({ ...one, id: `${one.id} raw`, faint: true })),
    ...series.map((one) => ({ ...one, ys: smoothed(one.ys, weight) })),
  ];
}

/** Seconds since the first point of its run, in the place of the time of the clock. */
export function sinceBegin(series: readonly CurveSeries[], runOf: (one: CurveSeries) => string): CurveSeries[] {
  const begins = new Map<string, number>();
  for (const one of series) {
    const first = one.xs[0];
    if (first !== undefined) begins.set(runOf(one), Math.min(first, begins.get(runOf(one)) ?? first));
  }
  return series.map((one) => {
    const begin = begins.get(runOf(one)) ?? 0;
    return { ...one, xs: Array.from(one.xs, (x) => x - begin) };
  });
}

/** By epochs, as a curve of the same task tells which step was in which; a series without that is left out. */
export function byEpoch(
  series: readonly CurveSeries[],
  epochs: ReadonlyMap<string, CurveSeries>,
  taskOf: (one: CurveSeries) => string,
): CurveSeries[] {
  return series.flatMap((one) => {
    const told = epochs.get(taskOf(one));
    return told && told.xs.length > 0 ? [{ ...one, xs: Array.from(one.xs, (x) => valueAt(told, x)) }] : [];
  });
}

/** The value of a series at an x, on the line between its points; at its ends what it begins and ends with. */
export function valueAt({ xs, ys }: Pick<CurveSeries, "xs" | "ys">, x: number): number {
  let low = 0;
  let high = xs.length - 1;
  if (high < 0) return Number.NaN;
  if (x <= (xs[0] ?? 0)) return ys[0] ?? Number.NaN;
  if (x >= (xs[high] ?? 0)) return ys[high] ?? Number.NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) low = middle;
    else high = middle;
  }
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[low], xs[high], ys[low], ys[high]];
  return x1 > x0 ? y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) : y1;
}

const MOST_XS = 400;

/** One series for several: their mean, and the least and the most of them as a band, where at least one of them is. */
export function banded(series: readonly CurveSeries[], id: string, label: string, place: number): CurveSeries {
  const all = [...new Set(series.flatMap(({ xs }) => Array.from(xs)))].sort((a, b) => a - b);
  const step = Math.max(1, all.length / MOST_XS);
  const xs = Array.from({ length: Math.min(all.length, MOST_XS) }, (_, at) => all[Math.floor(at * step)] ?? 0);
  const [ys, low, high]: [number[], number[], number[]] = [[], [], []];
  for (const x of xs) {
    const there = series
      .filter((one) => one.xs.length > 0 && x >= (one.xs[0] ?? 0) && x <= (one.xs[one.xs.length - 1] ?? 0))
      .map((one) => valueAt(one, x))
      .filter(Number.isFinite);
    ys.push(there.length > 0 ? there.reduce((sum, y) => sum + y, 0) / there.length : Number.NaN);
    low.push(there.length > 0 ? Math.min(...there) : Number.NaN);
    high.push(there.length > 0 ? Math.max(...there) : Number.NaN);
  }
  return { id, label, xs, ys, band: { low, high }, place };
}
