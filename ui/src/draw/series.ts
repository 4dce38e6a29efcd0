/** What a curve is made of, and the facts that are told about it in words. */

import type { Schemas } from "@/api/types";
import { extent, type Span, union } from "./scales";

export type Numbers = readonly number[] | Float64Array;

export interface CurveSeries {
  /** The same as long as it is the same series. */
  id: string;
  label: string;
  /** In order. */
  xs: Numbers;
  /** As many. What is not finite is a gap. */
  ys: Numbers;
  /** A band around it, of as many points: the least and the most of a group. */
  band?: { low: Numbers; high: Numbers };
  /** Which colour it has, and keeps on every page. */
  place: number;
  /** It stands behind another: the raw points of a smoothed one. */
  faint?: boolean;
  /** How many points these stand for. */
  count?: number;
  thinned?: boolean;
  nonfinite?: number;
}

/** What x counts: steps or epochs, seconds of a clock (UTC), or seconds since something began. */
export type CurveX = "step" | "epoch" | "time" | "elapsed";

type Json = number | "nan" | "inf" | "-inf";

/** A number as the API writes it. */
export function numberOf(value: Json): number {
  return typeof value === "number" ? value : Number(value.replace("nan", "NaN").replace("inf", "Infinity"));
}

/** A curve of the API as a series. */
export function seriesOf(curve: Schemas["CurveInfo"], place: number, label = curve.name): CurveSeries {
  const { task, name, xs, ys, count, thinned, nonfinite } = curve;
  const [numbers, values] = [xs.map(numberOf), ys.map(numberOf)];
  return { id: `${task}:${name}`, label, xs: numbers, ys: values, place, count, thinned, nonfinite };
}

/** Where all series are, bands too; null: nowhere. `positive`: of what a logarithmic axis has a place for. */
export function extentOf(series: readonly CurveSeries[], shown: Span | null, positive: boolean): Span | null {
  let found: Span | null = null;
  for (const { xs, ys, band } of series) {
    const [begin, end] = shown ? window(xs, shown) : [0, xs.length];
    for (const values of band ? [ys, band.low, band.high] : [ys]) {
      found = union(found, extent(values.slice(begin, end), positive));
    }
  }
  return found;
}

/** The index of the x nearest to one; -1: there are none. */
export function nearestIndex(xs: Numbers, x: number): number {
  const after = firstFrom(xs, x);
  if (after === 0 || xs.length === 0) return xs.length ? 0 : -1;
  if (after === xs.length) return after - 1;
  return x - (xs[after - 1] ?? x) <= (xs[after] ?? x) - x ? after - 1 : after;
}

/** "100,000 points, thinned, 3 not finite": what is not to be seen in a picture of these. */
export function noteOf(series: readonly CurveSeries[]): string {
  const count = series.reduce((sum, one) => sum + (one.faint ? 0 : (one.count ?? one.xs.length)), 0);
  const gaps = series.reduce((sum, one) => sum + (one.faint ? 0 : (one.nonfinite ?? 0)), 0);
  const parts = [`${count.toLocaleString("en")} ${count === 1 ? "point" : "points"}`];
  if (series.some((one) => one.thinned)) parts.push("thinned");
  if (gaps) parts.push(`${gaps.toLocaleString("en")} not finite`);
  return parts.join(", ");
}

/** Each series in a sentence, for whoever can't see them. */
export function summaryOf(title: string, series: readonly CurveSeries[], show: (value: number) => string): string {
  const said = series.slice(0, 20).map(({ label, ys }) => {
    const finite = Array.from(ys).filter(Number.isFinite);
    const found = extent(finite);
    if (found === null) return `${label}: no finite value`;
    const [first = 0, last = 0] = [finite[0], finite.at(-1)];
    return `${label} from ${show(first)} to ${show(last)}, least ${show(found[0])}, most ${show(found[1])}`;
  });
  const more = series.length > said.length ? `, and ${series.length - said.length} more` : "";
  return `${title}: ${said.join("; ")}${more}. ${noteOf(series)}.`;
}

function firstFrom(xs: Numbers, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? x) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indexes of what lies within `shown`, with a neighbour on each side, as lines go there. */
function window(xs: Numbers, [from, to]: Span): [number, number] {
  return [Math.max(0, firstFrom(xs, from) - 1), Math.min(xs.length, firstFrom(xs, to) + 1)];
}
