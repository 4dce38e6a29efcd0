import { ask } from "@/api/ask";
import { createRows } from "@/api/rows";
import type { Schemas } from "@/api/types";

/** What is known of the runs of a table, and how it is asked for. */

export type RunLine = Schemas["RunLine"];
type SmallCurve = Schemas["SmallCurve"];

export interface TableRun {
  line: RunLine;
  /** When it was told, by this machine's clock: what runs goes on from there. */
  seenAt: number;
  /** Of which columns it has the values. */
  columns: string;
}

interface RunCurves {
  metrics: string;
  curves: ReadonlyMap<string, SmallCurve>;
}

export const runRows = createRows<TableRun>();
export const runCurves = createRows<RunCurves>();

export async function loadRows(ids: number[], columns: readonly string[], signal: AbortSignal): Promise<void> {
  const { rows } = await ask("/runs", { query: { ids, columns: [...columns] }, signal });
  const seenAt = Date.now();
  runRows.put(rows.map((line): [number, TableRun] => [line.id, { line, seenAt, columns: columns.join(",") }]));
}

export async function loadCurves(ids: number[], metrics: readonly string[], signal: AbortSignal): Promise<void> {
  const { rows } = await ask("/runs:curves", { query: { ids, metrics: [...metrics] }, signal });
  const found = new Map(ids.map((id) => [id, new Map<string, SmallCurve>()]));
  for (const curve of rows) found.get(curve.id)?.set(curve.metric, curve);
  runCurves.put([...found].map(([id, curves]): [number, RunCurves] => [id, { metrics: metrics.join(","), curves }]));
}

/** Seconds that a run has taken by now. */
export function tookBy(run: TableRun, now: number): number {
  const more = run.line.status === "running" ? Math.max(0, now - run.seenAt) / 1000 : 0;
  return Number(run.line.duration_s) + more;
}
