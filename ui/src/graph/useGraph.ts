import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { addressOf } from "@/api/ask";
import { useEvents } from "@/api/events";
import { type RunRef, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import type { FoldedGraph } from "./counts";
import { patchedGraph } from "./liveGraph";

const AGAIN_MS = 1_000;

/** The graph of a run with these folds open, as it grows. */
export function useGraph(run: RunRef, open: string[]) {
  const query = { open };
  const asked = useAsk("/runs/{flow}/{number}/graph", { in: run, query }, { keep: true });
  const queries = useQueryClient();
  const queryKey = [addressOf("/runs/{flow}/{number}/graph", run, query)];
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // At most once a second: another tab has other folds open, and each of its changes is told here, too.
  const askAgain = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      queries.invalidateQueries({ queryKey });
    }, AGAIN_MS);
  };
  useEvents(
    [`run:${runName(run)}`],
    (event) => {
      if (event.event === "reset") queries.invalidateQueries({ queryKey });
      if (event.event !== "run.graph") return;
      const graph = queries.getQueryData<FoldedGraph>(queryKey);
      const next = graph && patchedGraph(graph, event.data);
      if (next) queries.setQueryData(queryKey, next);
      else if (graph) askAgain();
    },
    { folds: open },
  );
  return asked;
}
