import { useEffect, useRef } from "react";
import type { ApiError } from "@/api/ask";
import type { TaskRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";

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
