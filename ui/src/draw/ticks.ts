/** Where an axis has its marks, and what stands beside these. */

import { niceStep, type Span } from "./scales";

interface Tick {
  value: number;
  /** "": a line alone. */
  label: string;
}

export type Ticks = (span: Span, count: number) => Tick[];

export const numberTicks: Ticks = (span, count) => {
  const step = niceStep((span[1] - span[0]) / Math.max(1, count));
  return multiples(span, step).map((value) => ({ value, label: numberLabel(value, step, span) }));
};

/** Powers of ten are named; where there are fewer than two, so are 2 and 5 times these. */
export const logTicks: Ticks = (span, count) => {
  const first = Math.floor(Math.log10(span[0]) + 1e-9);
  const last = Math.ceil(Math.log10(span[1]) - 1e-9);
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const few = last - first <= 2;
  const found: Tick[] = [];
  for (let power = first; power <= last; power += 1) {
    for (let times = 1; times < 10; times += 1) {
      const value = Number(`${times}e${power}`);
      if (value < span[0] * (1 - 1e-9) || value > span[1] * (1 + 1e-9)) continue;
      if (times > 1 && every > 1) continue;
      const named = times === 1 ? (power - first) % every === 0 : few && (times === 2 || times === 5);
      found.push({ value, label: named ? plain(value) : "" });
    }
  }
  return found;
};

const SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10800, 21600, 43200, 86400, 172800, 604800,
];

/** Of seconds since something began: "2:05", "1:00:00", "0.5 s". */
export const durationTicks: Ticks = (span, count) => {
  const step = secondsStep(span, count);
  return multiples(span, step).map((value) => ({ value, label: durationLabel(value, step, span[1]) }));
};

/** Of a clock, UTC in seconds, in the reader's own time zone. */
export const timeTicks: Ticks = (span, count) => {
  const step = secondsStep(span, count);
  const zone = new Date(span[0] * 1000).getTimezoneOffset() * 60;
  const local: Span = [span[0] - zone, span[1] - zone];
  return multiples(local, step).map((value) => ({ value: value + zone, label: clockLabel(value + zone, step) }));
};

/** The decimals that tell numbers apart which are `step` apart. */
function decimals(step: number): number {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

/** A number as an axis has it: "5k", "0.25", "2e-6". */
export function plain(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size < 1e-3 || size >= 1e12) return value.toExponential().replace("e+", "e");
  return size >= 1e4 ? shortened(value, size) : String(Number(value.toPrecision(6)));
}

function numberLabel(value: number, step: number, span: Span): string {
  const size = Math.max(Math.abs(span[0]), Math.abs(span[1]));
  if (value === 0) return "0";
  if (size < 1e-3 || size >= 1e12) return Number(value.toPrecision(6)).toExponential().replace("e+", "e");
  return size >= 1e4 && step >= 10 ? shortened(value, size) : value.toFixed(Math.min(12, decimals(step)));
}

function shortened(value: number, size: number): string {
  const [unit, name] = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((value / unit).toPrecision(6))}${name}`;
}

function secondsStep(span: Span, count: number): number {
  const rough = (span[1] - span[0]) / Math.max(1, count);
  return SECONDS.find((step) => step >= rough) ?? niceStep(rough / 86400) * 86400;
}

function durationLabel(value: number, step: number, longest: number): string {
  const places = step < 1 ? decimals(step) : 0;
  if (longest < 60) return `${value.toFixed(places)} s`;
  const seconds = (value % 60).toFixed(places).padStart(places ? places + 3 : 2, "0");
  const minutes = Math.floor(value / 60);
  if (longest < 3600) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

function clockLabel(value: number, step: number): string {
  const at = new Date(Math.round(value * 1000));
  const two = (part: number) => String(part).padStart(2, "0");
  if (at.getHours() + at.getMinutes() + at.getSeconds() === 0 && step >= 60) {
    return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  }
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (step >= 60) return minute;
  const places = step < 1 ? decimals(step) : 0;
  const fraction = places ? `.${String(at.getMilliseconds()).padStart(3, "0").slice(0, places)}` : "";
  return `${minute}:${two(at.getSeconds())}${fraction}`;
}

/** Counted rather than added up, so that the last is as exact as the first. */
function multiples([low, high]: Span, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const places = decimals(step);
  const found: number[] = [];
  for (let n = first; n <= last && found.length < 1000; n += 1)
    found.push(Number((n * step).toFixed(Math.min(20, places + 1))));
  return found;
}
