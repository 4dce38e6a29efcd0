/** Where the lanes of a timeline stand, and what stands in them. Pure. */

import type { Finite, Schemas } from "@/api/types";
import type { Span } from "./scales";

export type Timeline = Finite<Schemas["Timeline"]>;
export type Bar = Finite<Schemas["TimeBar"]>;

export interface LaneBar extends Bar {
  /** In which row of its lane it stands: those of one row don't overlap. */
  row: number;
}

export interface Lane {
  name: string;
  bars: LaneBar[];
  rows: number;
  /** From the first lane's upper edge, in pixels. */
  top: number;
  height: number;
}

const ROW = 18;
const GAP = 10; // between lanes
const TALLEST = 132; // of a lane whatever its rows
const MOST_ROWS = 24;
const MANY_LANES = 32;

/** Lanes one below another: steps in the order of their calls, workers by name. Bars that overlap, as those of one step
 * do, go into rows of their lane. */
export function lanesOf(timeline: Timeline): Lane[] {
  const dense = timeline.lanes.length > MANY_LANES;
  const order = new Map(timeline.steps.map((step, at) => [step.name, at]));
  const placeOf = (name: string) => order.get(name) ?? order.size;
  const sorted = [...timeline.lanes].sort((a, b) => placeOf(a.name) - placeOf(b.name) || names.compare(a.name, b.name));
  let top = 0;
  return sorted.map(({ name, bars }) => {
    const placed = inRows(bars);
    const rows = placed.reduce((most, bar) => Math.max(most, bar.row + 1), 1);
    const height = Math.min(TALLEST, rows * (dense ? 12 : ROW)) + (dense ? 4 : GAP);
    const lane = { name, bars: placed, rows, top, height };
    top += height;
    return lane;
  });
}

/** The most that a task of these held, which what has no limit is measured by: in bytes. */
export function mostHeld(lanes: readonly Lane[]): number {
  return lanes.reduce((most, lane) => lane.bars.reduce((held, bar) => Math.max(held, bar.peak_bytes || 0), most), 0);
}

/** How much of its limit a bar's memory is, from 0 to 1; of `most`, where it has no limit. */
export function memoryOf(
  { peak_bytes, limit_bytes, limit_share }: Bar,
  most: number,
): { share: number; isOfLimit: boolean } {
  const isOfLimit = (limit_share || 0) > 0 || (limit_bytes || 0) > 0;
  const share = isOfLimit ? limit_share || 0 : most > 0 ? (peak_bytes || 0) / most : 0;
  return { share: Math.min(1, share), isOfLimit };
}

/** Edges of a lane's row, in pixels from the lane's top. */
export function rowOf(lane: Lane, row: number): [number, number] {
  const each = (lane.height - (lane.height > 20 ? GAP : 4)) / lane.rows;
  const space = each > 6 ? 1.5 : each > 3 ? 0.5 : 0;
  const begin = (lane.height - each * lane.rows) / 2 + row * each;
  return [begin + space, Math.max(1, each - 2 * space)];
}

/** The bar at a place, or the nearest within `reach` seconds; null: there is none. */
export function barAt(
  lanes: readonly Lane[],
  y: number,
  at: number,
  reach: number,
): { lane: Lane; bar: LaneBar } | null {
  const lane = lanes.find((one) => y >= one.top && y < one.top + one.height);
  if (lane === undefined) return null;
  let best: LaneBar | null = null;
  let nearest = reach;
  for (const bar of lane.bars) {
    const [begin, tall] = rowOf(lane, bar.row);
    if (lane.rows > 1 && (y - lane.top < begin - 1 || y - lane.top > begin + tall + 1)) continue;
    const far = Math.max(bar.start - at, at - bar.end, 0);
    if (far > nearest || (best !== null && far === nearest && bar.start < best.start)) continue;
    [best, nearest] = [bar, far];
  }
  return best && { lane, bar: best };
}

/** Where one has zoomed to by `factor` around a time; within `whole`, and no closer than a millisecond. */
export function zoomed([from, to]: Span, factor: number, around: number, whole: Span): Span {
  const long = Math.min(whole[1] - whole[0], Math.max(0.001, (to - from) * factor));
  const share = (around - from) / (to - from || 1);
  return within([around - share * long, around + (1 - share) * long], whole);
}

/** Moved into `whole`, if it must be; as long as it was, if that has room. */
export function within([from, to]: Span, whole: Span): Span {
  const long = Math.min(to - from, whole[1] - whole[0]);
  const begin = Math.min(Math.max(from, whole[0]), whole[1] - long);
  return [begin, begin + long];
}

/** Bars that stand for several tasks are all in the first row: they end where the next begins. */
function inRows(bars: readonly Bar[]): LaneBar[] {
  const ends: number[] = [];
  const sorted = [...bars].sort((a, b) => a.start - b.start);
  return sorted.map((bar, at) => {
    if (bar.tasks > 1) {
      const end = Math.min(bar.end, sorted[at + 1]?.start ?? bar.end);
      ends[0] = Math.max(ends[0] ?? 0, end);
      return { ...bar, end, row: 0 };
    }
    let row = ends.findIndex((end) => end <= bar.start + 1e-6);
    if (row < 0) row = Math.min(ends.length, MOST_ROWS - 1);
    ends[row] = Math.max(ends[row] ?? 0, bar.end);
    return { ...bar, row };
  });
}

/** `process-1-2` before `process-1-10`. */
const names = new Intl.Collator("en", { numeric: true });
