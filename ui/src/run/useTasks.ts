import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useEvents } from "@/api/events";
import { idsOf } from "@/api/indexIds";
import { type RunRef, runName } from "@/api/names";
import { createLoader } from "@/api/rowLoader";
import { useAsk } from "@/api/useAsk";
import { useLiveIds } from "@/runs/useLiveIds";
import { createTaskRows, type Durations, loadTasks } from "./taskRows";
import { useLater } from "./useLater";

const INDEX_MS = 1_000; // between two questions for the index of a live run

/** The tasks of a run that a filter holds for: ids in order, rows of those on screen, and what they took. */
export function useTasks({ flow, number }: RunRef, filter: string, sort: string) {
  const run = useMemo(() => ({ flow, number }), [flow, number]);
  const queries = useQueryClient();
  const index = useAsk("/runs/{flow}/{number}/tasks:index", { in: run, query: { filter, sort } }, { keep: true });
  const took = useAsk("/runs/{flow}/{number}/tasks:durations", { in: run, query: { filter } }, { keep: true });
  const latest = useMemo(() => (index.data ? idsOf(index.data) : []), [index.data]);
  const live = useLiveIds(latest, `${runName(run)}\n${filter}\n${sort}`, sort === "call" ? "" : sort);

  const [rows] = useState(createTaskRows);
  const loader = useMemo(
    () =>
      createLoader({
        has: (id) => rows.get(id) !== undefined,
        load: async (ids, signal) => rows.put(await loadTasks(run, ids, signal)),
      }),
    [run, rows],
  );
  useEffect(() => () => loader.stop(), [loader]);

  const askAgain = useLater(INDEX_MS, () => {
    const prefix = `/api/v1/runs/${encodeURIComponent(flow)}/${number}/tasks:`;
    void queries.invalidateQueries({ predicate: ({ queryKey: [key] }) => String(key).startsWith(prefix) });
  });
  useEvents([`run:${runName(run)}`], (event) => {
    if (event.event !== "run.tasks" && event.event !== "reset") return;
    if (event.event === "run.tasks" && event.data.changed) loader.again(event.data.changed);
    askAgain();
  });

  return {
    isReady: [index, took].every(({ data, error }) => data !== undefined || error !== null),
    error: index.error,
    total: index.data?.total ?? 0,
    isPartial: index.data?.partial ?? false,
    took: took.data as Durations | undefined,
    live,
    rows,
    seen: loader.want,
  };
}
