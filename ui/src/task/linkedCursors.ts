import { type Cursor, makeCursor } from "@/draw/cursor";
import { nearestIndex } from "@/draw/series";
import type { CurvePoints } from "./curveFeed";

export interface LinkedCursors {
  /** UTC, seconds: of the log, of what the system measured, and of curves over the time. */
  time: Cursor;
  /** Of curves over their steps. */
  step: Cursor;
}

/** A place in time, and the step that was logged then. `curve` gives the curve that tells which is which. */
export function linkedCursors(curve: () => CurvePoints | null): LinkedCursors {
  const [time, step, link] = [makeCursor(), makeCursor(), {}];
  const place = (from: keyof CurvePoints & ("xs" | "times"), to: "xs" | "times", x: number | null) => {
    const points = curve();
    if (x === null || !points) return null;
    return points[to][nearestIndex(points[from], x)] ?? null;
  };
  step.on((x) => time.set(place("xs", "times", x), link), link);
  time.on((x) => step.set(place("times", "xs", x), link), link);
  return { time, step };
}
