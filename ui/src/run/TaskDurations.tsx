import { Chart, type Facts } from "@/draw/Chart";
import { calmPlace } from "@/draw/colours";
import { Histogram } from "@/draw/Histogram";
import type { Span } from "@/draw/scales";
import { bytes, count, counted } from "@/words/numbers";
import { duration } from "@/words/times";
import css from "./TasksTab.module.css";
import type { Durations } from "./taskRows";

const MOST_STEPS = 7; // that have a colour of their own

/** How many of the tasks took how long, step by step on one another. Some bins, dragged over, are asked for alone. */
export function TaskDurations({ took, onRange }: { took: Durations; onRange: (span: Span) => void }) {
  const { steps, edges } = took;
  const seen = steps.flatMap((step, place) => (step.tasks > 0 ? [{ ...step, place }] : []));
  const own = seen.slice(0, MOST_STEPS);
  const others = seen.slice(MOST_STEPS);
  const rest = edges.slice(1).map((_, at) => others.reduce((sum, step) => sum + (step.counts[at] ?? 0), 0));
  const groups = [
    ...own.map(({ step, counts, place }) => ({ label: step, counts, place })),
    ...(others.length > 0 ? [{ label: counted(others.length, "other step"), counts: rest }] : []),
  ];
  return (
    <div className={css.durations}>
      <Chart
        title="Took"
        note={noteOf(took)}
        legend={own.map(({ step, tasks, place }) => ({ label: step, place: calmPlace(place), value: count(tasks) }))}
        facts={() => factsOf(took)}
      >
        <Histogram
          title="Took"
          edges={edges}
          groups={groups}
          height={52}
          show={(value) => (value === 0 ? "0 s" : duration(value))}
          onRange={onRange}
        />
      </Chart>
    </div>
  );
}

function noteOf({ tasks, wall_s, median_s, longest, longest_s, peak_bytes }: Durations): string {
  if (tasks === 0) return "none of these has run";
  const parts = [
    `median ${duration(median_s)}`,
    `longest ${duration(longest_s)} (${longest})`,
    `all ${duration(wall_s)}`,
  ];
  if (peak_bytes > 0) parts.push(`memory up to ${bytes(peak_bytes)}`);
  return parts.join(", ");
}

function factsOf({ edges, steps }: Durations): Facts {
  const seen = steps.filter((step) => step.tasks > 0);
  const rows = edges.slice(1).map((to, at) => {
    return [`${duration(edges[at])} – ${duration(to)}`, ...seen.map((step) => count(step.counts[at] ?? 0))];
  });
  return { head: ["took", ...seen.map((step) => step.step)], rows };
}
