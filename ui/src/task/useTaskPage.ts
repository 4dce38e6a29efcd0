import { useEffect, useRef } from "react";
import type { ApiError } from "@/api/ask";
import { useEvents } from "@/api/events";
import type { TaskRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { taskPath } from "./taskPath";

export type TaskAnswer = Schemas["TaskPage"];

const PROGRESS_MS = 2_000;

/** A task as it stands, and as it stood when the page was opened: what is shown first does not change under a reader. */
export function useTaskPage(task: TaskRef): {
  page: TaskAnswer | undefined;
  first: TaskAnswer | undefined;
  error: ApiError | null;
} {
  const { data, error, refetch } = useAsk("/runs/{flow}/{number}/tasks/{step}/{task}", {
    in: task,
    query: { points: false },
  });
  useEvents([`task:${taskPath(task)}`], (event) => {
    if (event.event === "reset" || (event.event === "task" && isNews(data, event.data))) void refetch();
    // Of a task that no row tells of yet, that it writes is all that is heard.
    if (event.event === "log" && (!data || data.task.attempt.number !== event.data.attempt)) void refetch();
  });
  const first = useRef(data);
  first.current ??= data;
  // How far the loops of a task are is told by its run alone, twice a second: here it is asked for.
  const isInLoops = (data?.flight?.loops ?? []).length > 0;
  useEffect(() => {
    if (!isInLoops) return;
    const timer = setInterval(() => document.hidden || refetch(), PROGRESS_MS);
    return () => clearInterval(timer);
  }, [isInLoops, refetch]);
  return { page: data, first: first.current, error };
}

/** Whether a task stands otherwise than the page says. A metric changes its row, and nothing that is shown. */
function isNews(page: TaskAnswer | undefined, now: { status: string; attempt: number }): boolean {
  if (!page) return true;
  const { status, attempt, inputs } = page.task;
  return status !== now.status || attempt.number !== now.attempt || inputs === null;
}
