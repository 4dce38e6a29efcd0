import { useMemo } from "react";
import { Parallel } from "@/draw/Parallel";
import { axesOf, parallelAxis, parallelLines } from "./brushes";
import css from "./PlotView.module.css";
import type { Compared } from "./useComparison";

/** A line for each run over what it was given, and the metric. A drag along an axis keeps the runs that go through
 * there, in all views. */
export default function ParallelView({ compared }: { compared: Compared }) {
  const { data, items, metric, brushes, setBrush } = compared;
  const runs = data?.runs;
  const shown = useMemo(() => axesOf(items, metric), [items, metric]);
  const axes = useMemo(() => shown.map(parallelAxis), [shown]);
  const lines = useMemo(() => parallelLines(shown, runs ?? []), [shown, runs]);
  if (axes.length < 2)
    return <p className={css.nothing}>These runs differ in fewer than two parameters and metrics.</p>;
  return (
    <div className={css.view}>
      <Parallel
        title={axes.map(({ label }) => label).join(", ")}
        axes={axes}
        lines={lines}
        brushes={brushes}
        onBrush={setBrush}
        height={440}
      />
      <p className={css.hint}>
        Drag along an axis to keep the runs that go through there, in all views; click on it to keep all.
      </p>
    </div>
  );
}
