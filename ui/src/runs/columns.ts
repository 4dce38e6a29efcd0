import type { Schemas } from "@/api/types";

/** What columns a table of runs has: the words that stand in the address, and what each means. Pure. */

type ColumnsPage = Schemas["ColumnsPage"];

export type Which = "last" | "min" | "max" | "first" | "curve";

export interface ShownColumn {
  /** As it stands in the address: `depth`, `accuracy.max`, `loss.curve`. */
  word: string;
  name: string;
  kind: "param" | "metric";
  which: Which;
}

const SELECTED = ["min", "max", "first", "curve"] as const;
const MOST_PARAMS = 12;
const MOST_METRICS = 3;
/** The server reads a list with commas. */
const isNameable = (name: string) => !name.includes(",");

/** Names by which metrics can be shown: of those that several steps log, `step.name`. */
export function metricNames(page: ColumnsPage): string[] {
  return page.metrics
    .flatMap(({ name, steps }) => {
      const own = steps.filter(Boolean);
      const ofSteps = own.length > 1 ? own.map((step) => `${step}.${name}`) : [];
      return steps.includes("") || own.length < 2 ? [name, ...ofSteps] : ofSteps;
    })
    .filter(isNameable);
}

/** The words in an address, and what they stand for among what runs have. */
export function columnsOf(words: string, page: ColumnsPage): ShownColumn[] {
  const metrics = new Set(metricNames(page));
  const found = words.split(",").filter(Boolean);
  return [...new Set(found)].map((word) => {
    if (metrics.has(word)) return { word, name: word, kind: "metric", which: "last" };
    for (const which of SELECTED) {
      const name = word.endsWith(`.${which}`) ? word.slice(0, -which.length - 1) : "";
      if (metrics.has(name)) return { word, name, kind: "metric", which };
    }
    return { word, name: word, kind: "param", which: "last" };
  });
}

/** What is shown where the address says nothing: the metrics that most runs have, the first that is a curve of one step as
 * one. What a flow's own body logs at its end is a figure, whatever its steps log under that name. */
export function usualColumns(page: ColumnsPage): string {
  const most = page.metrics[0]?.runs ?? 0;
  const known = new Set(metricNames(page));
  const named = page.metrics.filter(({ name, runs }) => known.has(name) && runs * 4 >= most);
  const curves = named.filter((metric) => metric.is_curve && metric.steps.length === 1).slice(0, 1);
  const figures = named
    .filter((metric) => !metric.is_curve || (metric.steps.length > 1 && metric.steps.includes("")))
    .slice(0, MOST_METRICS - curves.length);
  return [...figures.map(({ name }) => name), ...curves.map(({ name }) => `${name}.curve`)].join(",");
}

/** Parameters that all of the runs have with the same value: said once, above the table. */
export function sameInAll(page: ColumnsPage, total: number): { name: string; value: unknown }[] {
  if (total < 2) return [];
  return page.params.filter((param) => param.is_same && param.runs === total);
}

/** Parameters that stand together in one column: those that differ and have none of their own. */
export function joinedParams(page: ColumnsPage, total: number, shown: readonly ShownColumn[]): string[] {
  const own = new Set([...shown.map(({ word }) => word), ...sameInAll(page, total).map(({ name }) => name)]);
  const metrics = new Set(metricNames(page));
  return page.params
    .map(({ name }) => (metrics.has(name) ? `params.${name}` : name))
    .filter((name) => isNameable(name) && !own.has(name))
    .slice(0, MOST_PARAMS);
}

/** What the server is asked for: the values of columns; a curve is drawn from elsewhere, and its last value stands by. */
export function askedFor(shown: readonly ShownColumn[], joined: readonly string[]): string[] {
  return [...new Set([...shown.map(({ word, name, which }) => (which === "curve" ? name : word)), ...joined])];
}

export function withColumn(words: string, word: string, isShown: boolean): string {
  const now = words.split(",").filter(Boolean);
  return (isShown ? [...now.filter((one) => one !== word), word] : now.filter((one) => one !== word)).join(",");
}

/** The same metric shown another way, in its place. */
export function withWhich(words: string, column: ShownColumn, which: Which): string {
  const word = which === "last" ? column.name : `${column.name}.${which}`;
  return words
    .split(",")
    .map((one) => (one === column.word ? word : one))
    .join(",");
}
