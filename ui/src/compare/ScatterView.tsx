import { useState } from "react";
import { useParam } from "@/app/useParam";
import { Chart } from "@/draw/Chart";
import { linear, rounded, type Scale, type Span } from "@/draw/scales";
import { showNumber } from "@/draw/show";
import { numberTicks } from "@/draw/ticks";
import { useWidth } from "@/parts/useWidth";
import { type Item, letterOf, numbersOf } from "./comparison";
import css from "./Plots.module.css";
import { seriesVar } from "./Swatch";
import type { Compared } from "./useComparison";
import { useDrag } from "./useDrag";

const HEIGHT = 420;
const ROOM = 0.04;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 20, 14, 40];

interface Point {
  place: number;
  run: string;
  x: number;
  y: number;
}

/** The runs as points, by any two of their numbers. A drag keeps those within it, in all views. */
export default function ScatterView({ compared }: { compared: Compared }) {
  const { data, items, metric } = compared;
  const numeric = items.filter((item) => item.numbers);
  const names = numeric.map(({ name }) => name);
  const usual = numeric.find(({ kind }) => kind === "parameter")?.name ?? names[1] ?? "";
  const [x, setX] = useParam("across", usual);
  const [y, setY] = useParam("up", metric || (names[0] ?? ""));
  const [across, up] = [named(numeric, x), named(numeric, y)];
  if (!across || !up) return <p className={css.nothing}>These runs differ in fewer than two numbers.</p>;
  const points = (data?.runs ?? []).flatMap(({ id }, place): Point[] => {
    const [px, py] = [numbersOf(across)?.[place], numbersOf(up)?.[place]];
    return typeof px === "number" && typeof py === "number" ? [{ place, run: id, x: px, y: py }] : [];
  });
  const lacking = (data?.runs.length ?? 0) - points.length;
  return (
    <div className={css.view}>
      <div className={css.tools}>
        <Axis label="across" names={names} value={x} onChange={setX} />
        <Axis label="up" names={names} value={y} onChange={setY} />
        <span className={css.hint}>drag to keep the runs within, in all views</span>
      </div>
      <Chart
        title={`${y} by ${x}`}
        note={lacking > 0 ? `${lacking} of the runs lack one of them` : `${points.length} runs`}
        facts={() => ({
          head: ["run", x, y],
          rows: points.map((point) => [point.run, showNumber(point.x), showNumber(point.y)]),
        })}
      >
        <Points compared={compared} points={points} names={[x, y]} />
      </Chart>
    </div>
  );
}

function named(items: readonly Item[], name: string): Item | undefined {
  return items.find((item) => item.name === name);
}

function Points({ compared, points, names }: { compared: Compared; points: Point[]; names: [string, string] }) {
  const { kept, setBrush } = compared;
  const [place, width] = useWidth<HTMLDivElement>();
  const [near, setNear] = useState<Point | null>(null);
  const spans = [points.map((one) => one.x), points.map((one) => one.y)].map((all) =>
    padded(rounded([Math.min(...all), Math.max(...all)])),
  );
  const across = linear(spans[0] ?? [0, 1], [LEFT, Math.max(LEFT + 1, width - RIGHT)]);
  const up = linear(spans[1] ?? [0, 1], [HEIGHT - BOTTOM, TOP]);
  const { drag, hooks } = useDrag((done) => {
    setBrush(names[0], done && { name: names[0], ...sorted(across, done.from[0], done.to[0]) });
    setBrush(names[1], done && { name: names[1], ...sorted(up, done.from[1], done.to[1]) });
  });
  const said = points.slice(0, 20).map((one) => `${one.run} ${showNumber(one.x)}, ${showNumber(one.y)}`);
  return (
    <div className={css.plot} ref={place}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${names[1]} by ${names[0]}: ${said.join("; ")}`}
        {...hooks}
      >
        <Grid across={across} up={up} width={width} />
        <text className={css.axis} x={width - RIGHT} y={HEIGHT - 6} textAnchor="end">
          {names[0]}
        </text>
        {points.map((point) => (
          <g
            key={point.place}
            opacity={kept.has(point.place) ? 1 : 0.22}
            onPointerEnter={() => setNear(point)}
            onPointerLeave={() => setNear(null)}
          >
            <circle
              className={css.point}
              cx={across.to(point.x)}
              cy={up.to(point.y)}
              r={6}
              fill={seriesVar(point.place)}
            />
            <text className={css.letter} x={across.to(point.x) + 10} y={up.to(point.y) + 4}>
              {letterOf(point.place)}
            </text>
          </g>
        ))}
        {drag && (
          <rect
            className={css.brush}
            x={Math.min(drag.from[0], drag.to[0])}
            y={Math.min(drag.from[1], drag.to[1])}
            width={Math.abs(drag.to[0] - drag.from[0])}
            height={Math.abs(drag.to[1] - drag.from[1])}
          />
        )}
      </svg>
      {near && !drag && (
        <p
          className={css.card}
          style={{ left: Math.min(across.to(near.x) + 12, width - 190), top: up.to(near.y) + 12 }}
        >
          <strong>{near.run}</strong>
          <span>
            {names[0]} {showNumber(near.x)}
          </span>
          <span>
            {names[1]} {showNumber(near.y)}
          </span>
        </p>
      )}
    </div>
  );
}

/** With room at both ends, so that no point lies on an axis. */
const padded = ([low, high]: Span): Span => [low - (high - low) * ROOM, high + (high - low) * ROOM];

function sorted(scale: Scale, a: number, b: number): { from: number; to: number } {
  const [x, y] = [scale.from(a), scale.from(b)];
  return { from: Math.min(x, y), to: Math.max(x, y) };
}

function Grid({ across, up, width }: { across: Scale; up: Scale; width: number }) {
  return (
    <g aria-hidden>
      {numberTicks(up.domain, 6).map(({ value, label }) => (
        <g key={value}>
          <line className={css.grid} x1={LEFT} x2={width - RIGHT} y1={up.to(value)} y2={up.to(value)} />
          <text className={css.tick} x={LEFT - 8} y={up.to(value) + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {numberTicks(across.domain, Math.max(2, width / 120)).map(({ value, label }) => (
        <text key={value} className={css.tick} x={across.to(value)} y={HEIGHT - BOTTOM + 18} textAnchor="middle">
          {label}
        </text>
      ))}
    </g>
  );
}

interface AxisProps {
  label: string;
  names: readonly string[];
  value: string;
  onChange: (name: string) => void;
}

function Axis({ label, names, value, onChange }: AxisProps) {
  return (
    <label className={css.tool}>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
