import type { RunRef } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { MetricsView } from "@/task/MetricsView";

/** What the flow's own body printed and logged, as a task's. */
export default function BodyTab({ run }: { run: RunRef }) {
  const { data } = useAsk("/runs/{flow}/{number}", { in: run });
  return (
    <MetricsView
      place={{ run }}
      title="Log of the flow's body"
      isLive={data?.run.status === "running"}
      withoutMetrics
    />
  );
}
