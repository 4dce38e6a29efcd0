/** An axis along which some values lie: numbers, or words one beside another. Pure. */

import { extent, linear, logarithmic, rounded, roundedLog, type Span } from "./scales";
import { showNumber } from "./show";
import { logTicks, numberTicks } from "./ticks";

export type AxisValue = number | string | null;

export interface Axis {
  /** Where a value lies, from 0 to 1; NaN: nowhere. */
  place(value: AxisValue): number;
  /** The value at a place; words: the nearest. */
  at(place: number): AxisValue;
  ticks(count: number): { place: number; label: string }[];
  show(value: AxisValue): string;
}

/** Of numbers alone: a scale of theirs. Else each different value has a place of its own, in order. */
export function axisOf(values: readonly AxisValue[], log = false): Axis {
  const known = values.filter((value) => value !== null);
  const numbers = known.filter((value): value is number => typeof value === "number");
  return numbers.length === known.length ? numberAxis(numbers, log) : wordAxis(known);
}

function numberAxis(numbers: readonly number[], log: boolean): Axis {
  const found = extent(numbers, log);
  const span: Span = log ? roundedLog(found ?? [0.1, 1]) : rounded(found ?? [0, 1]);
  const scale = log ? logarithmic(span, [0, 1]) : linear(span, [0, 1]);
  const ticks = log ? logTicks : numberTicks;
  return {
    place: (value) => (typeof value === "number" ? scale.to(value) : Number.NaN),
    at: (place) => scale.from(place),
    ticks: (count) => ticks(span, count).map(({ value, label }) => ({ place: scale.to(value), label })),
    show: (value) => (typeof value === "number" ? showNumber(value) : "–"),
  };
}

const order = new Intl.Collator("en", { numeric: true });

function wordAxis(known: readonly (number | string)[]): Axis {
  const words = [...new Set(known.map(String))].sort(order.compare);
  const last = words.length - 1;
  const placeOf = (at: number) => (last > 0 ? at / last : 0.5);
  const places = new Map(words.map((word, at) => [word, placeOf(at)]));
  return {
    place: (value) => (value === null ? Number.NaN : (places.get(String(value)) ?? Number.NaN)),
    at: (place) => words[Math.round(place * last)] ?? null,
    ticks: (count) => {
      const every = Math.max(1, Math.ceil(words.length / Math.max(1, count)));
      return words.flatMap((label, at) => (at % every === 0 ? [{ place: placeOf(at), label }] : []));
    },
    show: (value) => (value === null ? "–" : String(value)),
  };
}
