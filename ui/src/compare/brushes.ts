import type { AxisValue } from "@/draw/axes";
import { type Brushes, isChosen, type ParallelAxis, type ParallelLine, scalesOf } from "@/draw/parallel";
import { type Item, numbersOf } from "./comparison";

/** The runs over parallel axes, and which of them are kept by the parts of axes that were chosen. Pure. */

const MOST_AXES = 10;
const LOG_FROM = 20; // what spans so many times its smallest value is told apart by its logarithm alone

/** Parameters, those that explain the metric first, and the metric last. */
export function axesOf(items: readonly Item[], metric: string): Item[] {
  const given = items.filter(({ kind }) => kind === "parameter" || kind === "seed");
  const judged = items.filter(({ kind, name }) => kind === "metric" && name === metric);
  return [...given.slice(0, MOST_AXES), ...judged];
}

export function parallelAxis(item: Item): ParallelAxis {
  return { id: item.name, label: item.name, log: isLog(item) };
}

export function isLog(item: Pick<Item, "numbers">): boolean {
  const known = numbersOf(item)?.filter((value) => value !== null) ?? [];
  return known.length > 0 && Math.min(...known) > 0 && Math.max(...known) >= LOG_FROM * Math.min(...known);
}

export function parallelLines(axes: readonly Item[], runs: readonly { id: string }[]): ParallelLine[] {
  return runs.map(({ id }, place) => ({ id, label: id, place, values: axes.map((item) => axisValue(item, place)) }));
}

export function axisValue(item: Item, place: number): AxisValue {
  return numbersOf(item)?.[place] ?? item.values[place] ?? null;
}

/** The places of the runs that go through all that was chosen. */
export function keptBy(brushes: Brushes, items: readonly Item[], runs: readonly { id: string }[]): ReadonlySet<number> {
  const chosen = items.filter(({ name }) => brushes[name] !== undefined);
  const [axes, lines] = [chosen.map(parallelAxis), parallelLines(chosen, runs)];
  const scales = scalesOf(axes, lines);
  return new Set(lines.filter((line) => isChosen(line, axes, scales, brushes)).map(({ place }) => place));
}

/** `depth=0.25..1;rate=0..0.5` */
export function readBrushes(text: string): Brushes {
  const found: Record<string, readonly [number, number]> = {};
  for (const one of text.split(";")) {
    const [name = "", span = ""] = one.split("=");
    const [from, to] = span.split("..").map(Number);
    if (name && from !== undefined && to !== undefined && from <= to) found[decoded(name)] = [from, to];
  }
  return found;
}

export function writeBrushes(brushes: Brushes): string {
  return Object.entries(brushes)
    .map(([name, [from, to]]) => `${encodeURIComponent(name)}=${tidy(from)}..${tidy(to)}`)
    .join(";");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const tidy = (value: number) => Math.round(value * 1e4) / 1e4;
