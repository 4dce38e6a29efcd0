import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { post } from "@/api/ask";
import type { Schemas } from "@/api/types";
import { type CurveSeries, seriesOf } from "@/draw/series";

export interface RunCurve {
  /** The place of its run among those that are compared. */
  place: number;
  run: string;
  /** "digits/3/train/2"; "digits/3": its body. */
  task: string;
  series: CurveSeries;
}

export interface Curves {
  curves: RunCurve[];
  /** There are more than come at once. */
  isPartial: boolean;
  isPending: boolean;
  error: Error | null;
}

const POINTS = 600;
const NONE: RunCurve[] = [];

/** The curves of a metric, of all runs that are compared; what is one point alone is none. */
export function useCurves(runs: readonly string[], name: string, x: "step" | "time", skip = false): Curves {
  const { data, isPending, error } = useQuery({
    queryKey: ["curves", runs.join(","), name, x],
    queryFn: ({ signal }) =>
      post("/metrics:batch", {
        body: { runs: [...runs], names: [name], x, from: null, to: null, points: POINTS },
        signal,
      }),
    enabled: !skip && name !== "",
    placeholderData: keepPreviousData, // over another x the chart stays as it is chosen to be seen
  });
  const curves = useMemo(() => data?.rows.flatMap((row) => runCurve(row, runs)) ?? NONE, [data, runs]);
  return {
    curves,
    isPartial: data?.partial ?? false,
    isPending,
    error,
  };
}

function runCurve(row: Schemas["CurveInfo"], runs: readonly string[]): RunCurve[] {
  const run = row.task.split("/").slice(0, 2).join("/");
  const place = runs.indexOf(run);
  const task = row.task === run ? "" : ` ${row.task.slice(run.length + 1)}`;
  if (place < 0 || row.xs.length < 2) return [];
  return [{ place, run, task: row.task, series: seriesOf(row, place, `${run}${task}`) }];
}
