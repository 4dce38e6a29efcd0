import { useAsk } from "@/api/useAsk";
import type { LogPlace } from "@/log/logPlace";
import type { MetricInfo } from "./metricGroups";

const NONE: MetricInfo[] = [];

/** What a task or a flow's own body has logged, summed up. undefined: that is not known yet. */
export function useMetrics(place: LogPlace, isThere: boolean): MetricInfo[] | undefined {
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
  if (!isThere) return NONE;
  // Of a run, what its tasks have logged stands there as well.
  return ofTask ? task.data?.rows : run.data?.rows.filter((one) => one.tasks === 0);
}
