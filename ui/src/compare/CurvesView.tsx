import { useMemo, useState } from "react";
import { useParam } from "@/app/useParam";
import { Curve } from "@/draw/Curve";
import { type Cursor, makeCursor } from "@/draw/cursor";
import type { Span } from "@/draw/scales";
import type { CurveSeries, CurveX } from "@/draw/series";
import { Choice } from "@/parts/Choice";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { PickOne } from "@/parts/PickOne";
import { Skeleton } from "@/parts/Skeleton";
import css from "./CurvesView.module.css";
import { banded, byEpoch, sinceBegin, withSmoothing } from "./compared";
import { type Item, partsBy } from "./comparison";
import type { Compared } from "./useComparison";
import { type RunCurve, useCurves } from "./useCurves";

const FIRST = 6;

/** The curves of what the runs have logged, over steps, time or epochs. */
export default function CurvesView({ compared }: { compared: Compared }) {
  const { metrics, items } = compared;
  const [x, setX] = useParam("x", "step");
  const [log, setLog] = useParam("log", "");
  const [smooth, setSmooth] = useParam("smooth", "0");
  const [group, setGroup] = useParam("group", "");
  const [most, setMost] = useState(FIRST);
  const [cursor] = useState(makeCursor);
  const axes = [
    { value: "step", name: "step" },
    { value: "time", name: "time" },
    ...(metrics.includes("epoch") ? [{ value: "epoch", name: "epoch" }] : []),
  ];
  const params = items.filter(({ kind }) => kind === "parameter").map(({ name }) => name);
  const names = metrics.filter((name) => name !== "epoch");
  const weight = Math.min(0.99, Math.max(0, Number(smooth) || 0));
  return (
    <div className={css.view}>
      <div className={css.tools}>
        <Choice label="Over what" options={axes} value={x} onChange={setX} />
        <label className={css.tool}>
          <input type="checkbox" checked={log !== ""} onChange={(event) => setLog(event.target.checked ? "y" : "")} />
          logarithmic
        </label>
        <label className={css.tool}>
          smooth
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={weight}
            onChange={(event) => setSmooth(event.target.value, { replace: true })}
          />
          <span className={css.weight}>{weight === 0 ? "off" : weight.toFixed(2)}</span>
        </label>
        <PickOne label="band of" value={group} onChange={setGroup}>
          <option value="">none</option>
          <option value="run">each run's tasks</option>
          {params.map((name) => (
            <option key={name} value={`=${name}`}>
              {name}
            </option>
          ))}
        </PickOne>
      </div>
      <div className={css.charts}>
        {names.slice(0, most).map((name) => (
          <MetricChart key={name} {...{ name, compared, x, log: log !== "", weight, group, cursor }} />
        ))}
      </div>
      {names.length === 0 && (
        <Empty
          title="No metrics"
          lines={["These runs have logged none. In a step:"]}
          code={'log_metrics({"loss": x}, step=i)'}
        />
      )}
      {names.length > most && (
        <button type="button" className={css.more} onClick={() => setMost(most + FIRST)}>
          {names.length - most} more metrics
        </button>
      )}
    </div>
  );
}

interface MetricChartProps {
  name: string;
  compared: Compared;
  x: string;
  log: boolean;
  weight: number;
  group: string;
  cursor: Cursor;
}

function MetricChart({ name, compared, x, log, weight, group, cursor }: MetricChartProps) {
  const { names, kept, items, metrics } = compared;
  const [from, setFrom] = useParam("from", "");
  const [to, setTo] = useParam("to", "");
  const asked = useCurves(names, name, x === "time" ? "time" : "step");
  const epochs = useCurves(names, "epoch", "step", !metrics.includes("epoch"));
  const range = useMemo<Span | null>(() => (from !== "" && to !== "" ? [Number(from), Number(to)] : null), [from, to]);
  const told = epochs.curves;
  const series = useMemo(() => {
    const there = asked.curves.filter(({ place }) => kept.has(place));
    return withSmoothing(grouped(overAxis(there, x, told), group, items), weight);
  }, [asked.curves, kept, x, told, group, items, weight]);
  if (asked.error) return <Failure error={asked.error} />;
  if (asked.isPending || (x === "epoch" && epochs.isPending)) return <Skeleton height={260} />;
  if (series.length === 0) return null;
  return (
    <div className={css.chart}>
      <Curve
        title={name}
        series={series}
        x={(x === "time" ? "elapsed" : x) as CurveX}
        log={log}
        range={range}
        onRange={(span) => {
          setFrom(span ? String(span[0]) : "", { replace: true });
          setTo(span ? String(span[1]) : "", { replace: true });
        }}
        cursor={cursor}
        actions={asked.isPartial ? <span className={css.partial}>the first 100 curves</span> : undefined}
      />
    </div>
  );
}

type Placed = RunCurve & { series: CurveSeries };

function overAxis(curves: readonly RunCurve[], x: string, epochs: readonly RunCurve[]): Placed[] {
  const owner = new Map(curves.map((one) => [one.series.id, one]));
  const all = curves.map(({ series }) => series);
  const moved =
    x === "time"
      ? sinceBegin(all, ({ id }) => owner.get(id)?.run ?? id)
      : x === "epoch"
        ? byEpoch(all, new Map(epochs.map(({ task, series }) => [task, series])), ({ id }) => owner.get(id)?.task ?? id)
        : all;
  return moved.flatMap((series) => {
    const known = owner.get(series.id);
    return known ? [{ ...known, series }] : [];
  });
}

/** Curves of a run, or of runs with the same value of a parameter, as one with a band. */
function grouped(curves: readonly Placed[], group: string, items: readonly Item[]): CurveSeries[] {
  if (!group) {
    // A run with one curve needs no task in its name.
    const runs = new Set(curves.map(({ run }) => run));
    return curves.map(({ series, run }) => (runs.size === curves.length ? { ...series, label: run } : series));
  }
  const values = items.find(({ kind, name }) => kind === "parameter" && `=${name}` === group)?.values;
  const keyOf = ({ place, run }: Placed) => (group === "run" ? run : `${group.slice(1)} ${values?.[place] ?? "–"}`);
  return partsBy(curves, keyOf).map(([key, part], at) => {
    const place = group === "run" ? (part[0]?.place ?? 0) : at;
    const all = part.map(({ series }) => series);
    const only = all.length === 1 ? all[0] : undefined;
    return only ? { ...only, label: key, place } : banded(all, `${key} ${group}`, key, place);
  });
}
