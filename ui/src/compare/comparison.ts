import type { Schemas } from "@/api/types";
import { isLessBetter } from "@/words/better";
import { figure } from "@/words/numbers";

/** What a comparison says, in the order in which it is read. Pure. */

export type Comparison = Schemas["ComparisonInfo"];
type Difference = Schemas["DifferenceInfo"];
type Influence = Schemas["InfluenceInfo"];

export interface Item extends Difference {
  /** The runs with the best value; of metrics alone. */
  best: ReadonlySet<number>;
  /** Of each run, where its number lies between the smallest and the largest: 0 to 1; null: it has none. */
  shares: (number | null)[] | null;
  influence: Influence | undefined;
}

const ORDER = ["metric", "parameter", "seed", "code", "input", "package", "result"];
export const KINDS: Record<string, string> = {
  metric: "Metrics",
  parameter: "Parameters",
  seed: "Seed",
  code: "Code",
  input: "Inputs of tasks",
  package: "Packages",
  result: "Results",
};

const NOBODY: ReadonlySet<number> = new Set();

/** The differences: the metric that the runs are judged by first, then other metrics, then parameters by how well they
 * explain it, then the rest by kind. */
export function itemsOf({ differences, metric }: Comparison): Item[] {
  const influences = new Map(metric?.influences.map((one, at) => [`${one.kind} ${one.name}`, { one, at }]));
  const items = differences.map((one) => {
    const numbers = numbersOf(one);
    return {
      ...one,
      best: one.kind === "metric" && numbers ? bestOf(numbers, isMinimized(one.name, metric)) : NOBODY,
      shares: numbers && one.kind === "metric" ? sharesOf(numbers) : null,
      influence: influences.get(`${one.kind} ${one.name}`)?.one,
    };
  });
  // What comes later explains a part of what those before it leave: its share says nothing of the order.
  const rank = ({ kind, name }: Item) => {
    const place = influences.get(`${kind} ${name}`)?.at ?? differences.length;
    return (
      ORDER.indexOf(kind) + place / (differences.length + 1) - (kind === "metric" && name === metric?.name ? 1 : 0)
    );
  };
  return items
    .map((item, at) => ({ item, at }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.at - b.at)
    .map(({ item }) => item);
}

function isMinimized(name: string, metric: Comparison["metric"]): boolean {
  return metric?.name === name ? metric.is_minimized : isLessBetter(name);
}

export function numbersOf({ numbers }: Pick<Difference, "numbers">): (number | null)[] | null {
  return numbers?.map((value) => (typeof value === "number" ? value : null)) ?? null;
}

/** The runs with the best number; all of them where several have it, none where only one has any. */
export function bestOf(numbers: readonly (number | null)[], isLess: boolean): ReadonlySet<number> {
  const known = numbers.filter((value) => value !== null);
  if (known.length < 2) return NOBODY;
  const best = isLess ? Math.min(...known) : Math.max(...known);
  return new Set(numbers.flatMap((value, at) => (value === best ? [at] : [])));
}

export function sharesOf(numbers: readonly (number | null)[]): (number | null)[] {
  const known = numbers.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return numbers.map((value) => (value === null ? null : most > least ? (value - least) / (most - least) : 1));
}

/** The metrics that runs can be judged by: those that most of them have, as the server orders them. */
export function metricsOf({ differences, same }: Comparison): string[] {
  const other = differences
    .filter(({ kind }) => kind === "metric")
    .map(({ name, values }) => ({ name, runs: values.filter((value) => value !== null).length }))
    .sort((a, b) => b.runs - a.runs);
  return [...other.map(({ name }) => name), ...(same.metric ?? [])];
}

/** How many things were compared, and how many of them differ. */
export function countOf({ differences, same }: Comparison): { differ: number; all: number } {
  const alike = Object.values(same).reduce((sum, names) => sum + names.length, 0);
  return { differ: differences.length, all: differences.length + alike };
}

/** A value as a cell shows it: a metric's figure; a parameter as it was given, a text without its quotes. */
export function shownOf(item: Pick<Item, "kind" | "values" | "numbers">, place: number): string | null {
  const value = item.values[place] ?? null;
  const number = item.numbers?.[place] ?? null;
  if (item.kind === "metric" && number !== null) return figure(number);
  return /^'[^'\\]*'$/.test(value ?? "") ? (value?.slice(1, -1) ?? null) : value;
}

/** The parts of a list by a key, in the order in which the keys are met first. */
export function partsBy<T>(all: readonly T[], keyOf: (one: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const known = found.get(keyOf(one));
    if (known) known.push(one);
    else found.set(keyOf(one), [one]);
  }
  return [...found];
}

/** A, B, ..., Z, AA: what a run is called in a narrow column. */
export function letterOf(place: number): string {
  const before = Math.floor(place / 26);
  return (before > 0 ? letterOf(before - 1) : "") + String.fromCharCode(65 + (place % 26));
}
