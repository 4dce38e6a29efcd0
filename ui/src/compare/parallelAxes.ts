import { extent, linear, type Span } from "@/draw/scales";
import { type Item, numbersOf } from "./comparison";

/** The axes of parallel coordinates: numbers by their size, all else by its values. Pure. */

export interface ParallelAxis {
  name: string;
  /** Of each run, from 0 at the bottom to 1 at the top; null: it has no value. */
  at: (number | null)[];
  ticks: { at: number; label: string }[];
  /** Which values a part of the axis stands for. */
  within: (low: number, high: number) => { from: number; to: number } | { values: string[] } | null;
  /** Which part of the axis values stand at. */
  span: (brush: { from: number; to: number } | { values: string[] }) => Span;
}

const MOST_VALUES = 12;
const TICKS = 5;
const LOG_FROM = 20;
const APART = 0.045; // of the axis, between labels

export function axisOf(item: Item, show: (value: number) => string): ParallelAxis | null {
  const numbers = numbersOf(item);
  return numbers ? numberAxis(item.name, numbers, show) : valueAxis(item);
}

function numberAxis(name: string, numbers: (number | null)[], show: (value: number) => string): ParallelAxis | null {
  const found = extent(numbers.filter((value) => value !== null));
  if (!found) return null;
  const [low, high] = found;
  // What spans several powers of ten is told apart by its logarithm alone.
  const isLog = low > 0 && high / low >= LOG_FROM;
  const to = (value: number) => (isLog ? Math.log10(value) : value);
  const back = (value: number) => (isLog ? 10 ** value : value);
  const scale = linear(low === high ? [to(low) - 1, to(high) + 1] : [to(low), to(high)], [0, 1]);
  const distinct = [...new Set(numbers.filter((value) => value !== null))].sort((a, b) => a - b);
  const shown =
    distinct.length <= TICKS
      ? distinct
      : Array.from({ length: TICKS }, (_, at) => back(to(low) + ((to(high) - to(low)) * at) / (TICKS - 1)));
  return {
    name,
    at: numbers.map((value) => (value === null ? null : scale.to(to(value)))),
    ticks: apart(shown.map((value) => ({ at: scale.to(to(value)), label: show(value) }))),
    within: (from, upTo) => ({ from: back(scale.from(from)), to: back(scale.from(upTo)) }),
    span: (brush) => ("values" in brush ? [0, 1] : [clamp(scale.to(to(brush.from))), clamp(scale.to(to(brush.to)))]),
  };
}

/** Labels that do not lie over one another; the ends stay. */
function apart(ticks: ParallelAxis["ticks"]): ParallelAxis["ticks"] {
  const last = ticks.at(-1);
  return ticks.filter((tick, at) => {
    const before = ticks[at - 1];
    const isFar = !before || tick.at - before.at >= APART;
    return tick === last || at === 0 || (isFar && (!last || last.at - tick.at >= APART));
  });
}

const clamp = (at: number) => Math.min(1, Math.max(0, Number.isNaN(at) ? 0 : at));

function valueAxis({ name, values }: Item): ParallelAxis | null {
  const distinct = [...new Set(values.filter((value) => value !== null))].sort();
  if (distinct.length === 0 || distinct.length > MOST_VALUES) return null;
  const place = (value: string) => (distinct.indexOf(value) + 0.5) / distinct.length;
  return {
    name,
    at: values.map((value) => (value === null ? null : place(value))),
    ticks: distinct.map((value) => ({ at: place(value), label: value })),
    within: (low, high) => {
      const inside = distinct.filter((value) => place(value) >= low && place(value) <= high);
      return inside.length > 0 ? { values: inside } : null;
    },
    span: (brush) => {
      const places = "values" in brush ? brush.values.filter((value) => distinct.includes(value)).map(place) : [];
      const half = 0.5 / distinct.length;
      return places.length > 0 ? [Math.min(...places) - half, Math.max(...places) + half] : [0, 0];
    },
  };
}
