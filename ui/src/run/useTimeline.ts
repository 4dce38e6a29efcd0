import { useEffect, useState } from "react";
import { ask } from "@/api/ask";
import type { RunRef } from "@/api/names";
import type { Span } from "@/draw/scales";
import type { Timeline } from "@/draw/timelineLanes";

const BESIDE = 0.25; // of what is shown, on either side: moving does not show an edge at once

/** What the server tells of the seconds shown (null: all); asked again for others, and for another `version`. What stood
 * there stays until the answer is there. */
export function useTimeline(run: RunRef, byWorker: boolean, view: Span | null, width: number, version: number) {
  const [told, setTold] = useState<Timeline | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const { flow, number } = run;
  const [from, to] = view ?? [null, null];
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is a reason to ask again
  useEffect(() => {
    if (width === 0) return;
    const stop = new AbortController();
    const query = { lanes: byWorker ? ("worker" as const) : ("step" as const), ...part(from, to, width) };
    ask("/runs/{flow}/{number}/timeline", { in: { flow, number }, query, signal: stop.signal }).then(
      (answer) => {
        setTold(answer as Timeline);
        setError(null);
      },
      (reason: Error) => stop.signal.aborted || setError(reason),
    );
    return () => stop.abort();
  }, [flow, number, byWorker, from, to, width, version]);
  return { timeline: told, error };
}

/** Which seconds, and for how many pixels. */
function part(from: number | null, to: number | null, width: number) {
  if (from === null || to === null) return { px: Math.max(10, width) };
  const beside = (to - from) * BESIDE;
  return { from: Math.max(0, from - beside), to: to + beside, px: Math.max(10, Math.round(width * (1 + 2 * BESIDE))) };
}
