import { useMemo, useState } from "react";
import { Chart } from "@/draw/Chart";
import { showNumber } from "@/draw/show";
import { useWidth } from "@/parts/useWidth";
import { cutMiddle } from "@/words/cut";
import { figure } from "@/words/numbers";
import type { Brush } from "./brushes";
import css from "./Plots.module.css";
import { axisOf, type ParallelAxis } from "./parallelAxes";
import { seriesVar } from "./Swatch";
import type { Compared } from "./useComparison";
import { useDrag } from "./useDrag";

const HEIGHT = 440;
const [TOP, BOTTOM, SIDE] = [46, 24, 56];
const MOST_AXES = 12;
const LEAST_WIDTH = 92;
const WIDE = 24;

/** A line for each run over all that differs in numbers or in few values; the metric stands last. A drag along an axis
 * keeps the runs that go through it, in all views. */
export default function ParallelView({ compared }: { compared: Compared }) {
  const { data, items, metric, kept } = compared;
  const axes = useMemo(() => {
    const params = items.filter(({ kind }) => kind === "parameter" || kind === "seed");
    const judged = items.filter(({ kind, name }) => kind === "metric" && name === metric);
    return [...params.slice(0, MOST_AXES), ...judged].flatMap(
      (item) => axisOf(item, item.kind === "metric" ? figure : showNumber) ?? [],
    );
  }, [items, metric]);
  const [place, width] = useWidth<HTMLDivElement>();
  const [near, setNear] = useState<number | null>(null);
  if (axes.length < 2)
    return <p className={css.nothing}>These runs differ in fewer than two things that have an axis.</p>;
  const whole = Math.max(width, axes.length * LEAST_WIDTH + 2 * SIDE);
  const xs = axes.map((_, at) => SIDE + ((whole - 2 * SIDE) * at) / (axes.length - 1));
  const runs = data?.runs ?? [];
  const shown = runs.map((_, at) => at).sort((a, b) => Number(a === near) - Number(b === near));
  return (
    <div className={css.view}>
      <Chart
        title={`${axes
          .map(({ name }) => name)
          .slice(0, -1)
          .join(", ")} and ${axes.at(-1)?.name}`}
        note="drag along an axis to keep the runs that go through it"
        facts={() => ({
          head: ["run", ...axes.map(({ name }) => name)],
          rows: runs.map(({ id }, at) => [id, ...axes.map(({ name }) => valueFor(compared, name, at))]),
        })}
      >
        <div className={css.wide} ref={place}>
          <svg width={whole} height={HEIGHT} role="img" aria-label={`${runs.length} runs over ${axes.length} axes`}>
            <g fill="none">
              {shown.map((at) => (
                <path
                  key={runs[at]?.id}
                  className={css.path}
                  d={pathOf(axes, xs, at)}
                  stroke={seriesVar(at)}
                  strokeWidth={near === at ? 3 : 1.75}
                  opacity={kept.has(at) ? 1 : 0.13}
                  onPointerEnter={() => setNear(at)}
                  onPointerLeave={() => setNear(null)}
                >
                  <title>{runs[at]?.id}</title>
                </path>
              ))}
            </g>
            {axes.map((axis, at) => (
              <Axis key={axis.name} axis={axis} x={xs[at] ?? 0} compared={compared} isLast={at === axes.length - 1} />
            ))}
          </svg>
        </div>
      </Chart>
      <p className={css.said}>{near === null ? " " : runs[near]?.id}</p>
    </div>
  );
}

const up = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);

/** From axis to axis; where a run has no value on one, its line has a gap there. */
function pathOf(axes: readonly ParallelAxis[], xs: readonly number[], run: number): string {
  let pen = "M";
  let path = "";
  axes.forEach((axis, at) => {
    const share = axis.at[run] ?? null;
    if (share === null) {
      pen = "M";
      return;
    }
    path += `${pen}${Math.round(xs[at] ?? 0)} ${Math.round(up(share) * 10) / 10}`;
    pen = "L";
  });
  return path;
}

function valueFor({ items }: Compared, name: string, run: number): string {
  const item = items.find((one) => one.name === name);
  const number = item?.numbers?.[run];
  return typeof number === "number" ? showNumber(number) : (item?.values[run] ?? "–");
}

interface AxisProps {
  axis: ParallelAxis;
  x: number;
  compared: Compared;
  isLast: boolean;
}

function Axis({ axis, x, compared, isLast }: AxisProps) {
  const { brushes, setBrush } = compared;
  const known = brushes.find(({ name }) => name === axis.name);
  const share = (y: number) => Math.min(1, Math.max(0, (HEIGHT - BOTTOM - (y + TOP)) / (HEIGHT - TOP - BOTTOM)));
  const { drag, hooks } = useDrag((done) => {
    const [a, b] = done ? [share(done.from[1]), share(done.to[1])] : [0, 0];
    const within = done && axis.within(Math.min(a, b), Math.max(a, b));
    setBrush(axis.name, within && ({ name: axis.name, ...within } as Brush));
  });
  const span = drag ? [share(drag.from[1]), share(drag.to[1])] : known ? axis.span(known) : null;
  const [low, high] = span ? [Math.min(...span), Math.max(...span)] : [0, 0];
  return (
    <g>
      <line className={css.line} x1={x} x2={x} y1={TOP} y2={HEIGHT - BOTTOM} />
      <text className={css.axis} x={x} y={18} textAnchor="middle" data-judged={isLast || undefined}>
        {cutMiddle(axis.name, 16)}
        <title>{axis.name}</title>
      </text>
      {axis.ticks.map(({ at, label }) => (
        <text key={label} className={css.tick} x={x + 7} y={up(at) + 4}>
          {cutMiddle(label, 12)}
        </text>
      ))}
      {span && (
        <rect className={css.brush} x={x - 7} width={14} y={up(high)} height={Math.max(2, up(low) - up(high))} />
      )}
      <rect className={css.grab} x={x - WIDE / 2} width={WIDE} y={TOP} height={HEIGHT - TOP - BOTTOM} {...hooks} />
    </g>
  );
}
