import { ask } from "@/api/ask";
import { type RunRef, type TaskRef, taskAddress } from "@/api/names";
import { createRows } from "@/api/rows";
import type { Finite, Schemas } from "@/api/types";

/** What is known of the tasks of a table. */

export type TaskLine = Finite<Schemas["TaskLine"]>;
export type Durations = Finite<Schemas["TaskDurations"]>;

export const createTaskRows = () => createRows<TaskLine>();

export async function loadTasks(run: RunRef, ids: number[], signal: AbortSignal): Promise<[number, TaskLine][]> {
  const { rows } = await ask("/runs/{flow}/{number}/tasks", { in: run, query: { ids }, signal });
  return rows.map((row) => [row.id, row as TaskLine]);
}

/** `train/2` of a run: a step's name may have a `/` in it. */
export function taskOf(run: RunRef, name: string): TaskRef {
  const cut = name.lastIndexOf("/");
  return { ...run, step: name.slice(0, cut), task: name.slice(cut + 1) };
}

export const addressOfTask = (run: RunRef, name: string) => taskAddress(taskOf(run, name));

/** How it stands, as it is shown: what another run's result stands for is reused. */
export const statusOf = ({ status, origin }: TaskLine) => (origin ? "reused" : status);

/** Which tasks ran within some seconds of their run: the filter that finds them. */
export function filterOfSpan([from, to]: readonly [number, number]): string {
  return `ended>${seconds(from)} began<${seconds(to)}`;
}

/** A filter with the bounds of a word replaced by others: `took>=1s took<2s`. */
export function withBounds(filter: string, word: string, [low, high]: readonly [number, number]): string {
  const rest = filter.replace(new RegExp(`(^|\\s)${word}[<>]=?\\S+`, "g"), "").trim();
  return `${rest} ${word}>=${seconds(low)} ${word}<${seconds(high)}`.trim();
}

function seconds(value: number): string {
  return `${Number(value.toPrecision(9))}s`;
}
