/** What a node's counts come to: one status, a figure, and the parts of a bar. */

import type { Schemas } from "@/api/types";
import { count } from "@/words/numbers";

export type FoldedGraph = Schemas["FoldedGraph"];
export type FoldedNode = Schemas["FoldedNode"];
export type Counts = FoldedNode["counts"];

/** In the order of a bar: what is over, what is going on, what is to come. */
const STATUSES = ["done", "failed", "cancelled", "running", "waiting"] as const;

/** What matters most of what its tasks are. */
export function statusOf(counts: Counts, reused = 0): string {
  const has = (status: string) => (counts[status] ?? 0) > 0;
  if (has("failed")) return "failed";
  if (has("running")) return "running";
  if (has("waiting")) return has("done") ? "running" : "waiting";
  if (has("done")) return reused === counts.done ? "reused" : "done";
  return has("cancelled") ? "cancelled" : "waiting";
}

export function totalOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, tasks) => sum + tasks, 0);
}

/** `22/31` while it goes on, `31` when all are done, nothing for a lone task. */
export function figureOf(counts: Counts): string {
  const total = totalOf(counts);
  if (total <= 1) return "";
  const done = counts.done ?? 0;
  return done === total ? count(total) : `${count(done)}/${count(total)}`;
}

interface BarPart {
  status: string;
  share: number;
}

/** What part of them is what. */
export function sharesOf(counts: Counts): BarPart[] {
  const total = totalOf(counts);
  return STATUSES.flatMap((status) => {
    const tasks = counts[status] ?? 0;
    return tasks > 0 ? [{ status, share: tasks / total }] : [];
  });
}

/** Of a node's bar, where there is something to see: all done is no bar at all. */
export function barOf(counts: Counts): BarPart[] {
  const total = totalOf(counts);
  if (total <= 1 || counts.done === total) return [];
  return sharesOf(counts).filter(({ status }) => status !== "waiting");
}

/** `3 done, 1 failed` */
export function toldCounts(counts: Counts): string {
  const told = STATUSES.flatMap((status) => (counts[status] ? [`${count(counts[status])} ${status}`] : []));
  return told.join(", ");
}
