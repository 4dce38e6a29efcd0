import { addressOf, ask, post } from "@/api/ask";
import type { RunRef, TaskRef } from "@/api/names";
import type { Schemas } from "@/api/types";

export type LogPart = Schemas["LogPart"];
export type PartLine = Schemas["PartLine"];

/** Whose log: an attempt's, or that of a flow's own body. */
export type LogPlace = { task: TaskRef; attempt: number } | { run: RunRef };

export interface LogQuery {
  from?: number;
  line?: number;
  time?: number;
  find?: string;
  level?: "" | "debug" | "info" | "warning" | "error" | "critical";
  case?: boolean;
  max?: number;
  count?: number;
  limit?: number;
}

/** Asks for a part of a log. A function, so that tests have a log without a server. */
export type AskLog = (query: LogQuery, signal?: AbortSignal) => Promise<LogPart>;

export function askerOf(place: LogPlace): AskLog {
  if ("run" in place) {
    const names = { flow: place.run.flow, number: place.run.number };
    return (query, signal) => ask("/runs/{flow}/{number}/log", { in: names, query, ...(signal ? { signal } : {}) });
  }
  const names = inAttempt(place.task, place.attempt);
  return (query, signal) =>
    ask("/runs/{flow}/{number}/tasks/{step}/{task}/attempts/{attempt}/log", {
      in: names,
      query,
      ...(signal ? { signal } : {}),
    });
}

/** "digits/3/train/2", as events and messages name it. */
export function pathOf(place: LogPlace): string {
  const { flow, number } = "run" in place ? place.run : place.task;
  return "run" in place ? `${flow}/${number}` : `${flow}/${number}/${place.task.step}/${place.task.task}`;
}

/** What to listen to for its growth. */
export function topicOf(place: LogPlace): string {
  return `${"run" in place ? "run" : "task"}:${pathOf(place)}`;
}

/** An address that gives the whole log as text, for half a minute. */
export async function downloadOf(place: LogPlace): Promise<string> {
  const path =
    "run" in place
      ? addressOf("/runs/{flow}/{number}/log:text", place.run)
      : addressOf(
          "/runs/{flow}/{number}/tasks/{step}/{task}/attempts/{attempt}/log:text",
          inAttempt(place.task, place.attempt),
        );
  const { ticket } = await post("/tickets", { body: { path } });
  return `${path}?ticket=${encodeURIComponent(ticket)}`;
}

function inAttempt({ flow, number, step, task }: TaskRef, attempt: number) {
  return { flow, number, step, task, attempt };
}
