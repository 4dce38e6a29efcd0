import { useEffect, useRef } from "react";
import { useEvents } from "@/api/events";
import { useAsk } from "@/api/useAsk";
import { type LogPlace, pathOf, topicOf } from "@/log/logPlace";
import type { MetricInfo } from "./metricGroups";

const NONE: MetricInfo[] = [];

const REST_MS = 1_000;

/** What a task or a flow's own body has logged, summed up, and again a second after it has logged more; undefined: that
 * is not known yet. `onGrow` hears at once of which curve there is more. */
export function useMetrics(
  place: LogPlace,
  isThere: boolean,
  onGrow: (name: string) => void,
): MetricInfo[] | undefined {
  const ofTask = "task" in place;
  const task = useAsk(
    "/runs/{flow}/{number}/tasks/{step}/{task}/metrics",
    { in: ofTask ? place.task : { flow: "", number: "", step: "", task: "" } },
    { skip: !ofTask || !isThere },
  );
  const run = useAsk(
    "/runs/{flow}/{number}/metrics",
    { in: ofTask ? { flow: "", number: "" } : place.run },
    { skip: ofTask },
  );
  const { refetch } = ofTask ? task : run;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents(
    [topicOf(place)],
    (event) => {
      if (event.event !== "metrics" || event.data.task !== pathOf(place)) return;
      onGrow(event.data.name);
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void refetch();
      }, REST_MS);
    },
    { skip: !isThere },
  );
  if (!isThere) return NONE;
  // Of a run, what its tasks have logged stands there as well.
  return ofTask ? task.data?.rows : run.data?.rows.filter((one) => one.tasks === 0);
}
