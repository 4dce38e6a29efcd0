import { useEffect, useRef } from "react";
import { type ApiEvent, useEvents } from "@/api/events";
import { runRows } from "./runRows";

interface Changes {
  /** Up to which revision the index knows the journal. */
  since: number | undefined;
  /** The index, the counts and the names may be others. */
  onIndex: () => void;
  /** What rows show beside what was told has changed: values and curves. */
  onRows: (ids: Iterable<number>) => void;
}

const REST_MS = 1_000;

/** Keeps the rows of runs as they are, and tells what else may have changed: once a second at most. */
export function useLiveRuns({ since, onIndex, onRows }: Changes): void {
  const rest = useRest({ onIndex, onRows });
  useEvents(
    ["runs"],
    (event: ApiEvent) => {
      if (event.event === "reset") rest.wait([], true);
      if (event.event !== "runs") return;
      const seenAt = Date.now();
      let isOther = false;
      for (const patch of event.data) {
        const known = runRows.get(patch.id);
        if (known) runRows.patch(patch.id, { line: { ...known.line, ...patch }, seenAt });
        // A run that is not known is new, or was not scrolled to; where its state changes it may be asked for no more.
        if (!known || patch.status || patch.tags) isOther = true;
      }
      rest.wait(
        event.data.map(({ id }) => id),
        isOther,
      );
    },
    { since },
  );
}

/** Gathers what has changed, and tells it after a rest. */
function useRest(changes: Pick<Changes, "onIndex" | "onRows">) {
  const latest = useRef(changes);
  useEffect(() => {
    latest.current = changes;
  });
  const state = useRef({ ids: new Set<number>(), isOther: false, timer: 0 });
  useEffect(() => () => window.clearTimeout(state.current.timer), []);
  return {
    wait(ids: number[], isOther: boolean) {
      const now = state.current;
      for (const id of ids) now.ids.add(id);
      now.isOther ||= isOther;
      if (now.timer) return;
      now.timer = window.setTimeout(() => {
        const { ids, isOther } = now;
        state.current = { ids: new Set(), isOther: false, timer: 0 };
        latest.current.onRows(ids);
        if (isOther) latest.current.onIndex();
      }, REST_MS);
    },
  };
}
