/** Values as hover cards and tables have them: exact enough to tell them apart, short enough to read. */

import type { CurveX } from "./series";
import { durationTicks, numberTicks, type Ticks, timeTicks } from "./ticks";

/** Six digits that count: "0.123457", "12,345", "1.5e-7". */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e15)) return value.toPrecision(4).replace("e+", "e");
  if (Number.isInteger(value) || size >= 1e6) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(6)));
}

export function showX(value: number, x: CurveX): string {
  if (x === "time") return clock(value);
  if (x === "elapsed") return showSeconds(value);
  return `${x} ${showNumber(value)}`;
}

export function ticksOf(x: CurveX): Ticks {
  return x === "time" ? timeTicks : x === "elapsed" ? durationTicks : wholeTicks;
}

const wholeTicks: Ticks = (span, count) => numberTicks(span, Math.min(count, Math.max(1, span[1] - span[0])));

function clock(value: number): string {
  const at = new Date(value * 1000);
  return `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** "2:05.3" */
export function showSeconds(value: number): string {
  const minutes = Math.floor(value / 60);
  if (value < 60) return `${Number(value.toPrecision(3))} s`;
  const seconds = (value - minutes * 60).toFixed(1).padStart(4, "0");
  return minutes < 60
    ? `${minutes}:${seconds}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds.slice(0, 2)}`;
}
