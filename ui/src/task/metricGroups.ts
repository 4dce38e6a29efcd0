import type { Schemas } from "@/api/types";

export type MetricInfo = Schemas["MetricInfo"];

export interface MetricGroup {
  /** "loss": what its curves measure. */
  title: string;
  metrics: MetricInfo[];
}

const PARTS = ["train", "training", "val", "valid", "validation", "test", "eval", "dev"];
const BEFORE = new RegExp(`^(?:${PARTS.join("|")})[_/.-](.+)$`, "i");
const AFTER = new RegExp(`^(.+)[_/.-](?:${PARTS.join("|")})$`, "i");

/** What is drawn together: the same measure of training and of validation. In the order of the names. */
export function metricGroups(metrics: readonly MetricInfo[]): MetricGroup[] {
  const found = new Map<string, MetricInfo[]>();
  for (const metric of metrics) {
    const title = measureOf(metric.name);
    found.set(title, [...(found.get(title) ?? []), metric]);
  }
  return [...found].map(([title, several]) =>
    several.length === 1 ? { title: several[0]?.name ?? title, metrics: several } : { title, metrics: several },
  );
}

function measureOf(name: string): string {
  return BEFORE.exec(name)?.[1] ?? AFTER.exec(name)?.[1] ?? name;
}
