import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { axisOf } from "./axes";
import { Chart } from "./Chart";
import type { Surface } from "./canvas";
import { type Card, makeCard } from "./card";
import { seriesColour } from "./colours";
import style from "./plots.module.css";
import { nearestPoint, paintScatter, type ScatterModel, type ScatterPoint } from "./scatter";
import { useCanvas } from "./useCanvas";

interface ScatterProps {
  title: string;
  points: readonly ScatterPoint[];
  xName: string;
  yName: string;
  xLog?: boolean;
  yLog?: boolean;
  height?: number;
  onPick?: (id: string) => void;
  actions?: React.ReactNode;
}

/** A point for each thing that has two values; the nearest to the pointer says which it is. */
export function Scatter({ title, points, xName, yName, height = 320, onPick, actions, ...logs }: ScatterProps) {
  const { xLog = false, yLog = false } = logs;
  const [near, setNear] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const card = useRef<Card>(null);
  useEffect(() => () => card.current?.remove(), []);
  const model = useMemo<ScatterModel>(() => {
    const x = axisOf(
      points.map((point) => point.x),
      xLog,
    );
    const y = axisOf(
      points.map((point) => point.y),
      yLog,
    );
    return { points, x, y, xName, near };
  }, [points, xLog, yLog, xName, near]);
  const canvas = useCanvas(useCallback((surface: Surface) => paintScatter(surface, model), [model]));
  const onPointerMove = (event: PointerEvent) => {
    if (box.current === null) return;
    const { left, top, width, height } = box.current.getBoundingClientRect();
    const at = { x: event.clientX - left, y: event.clientY - top };
    const found = nearestPoint(model, at, width, height);
    setNear(found?.id ?? "");
    card.current ??= makeCard(box.current);
    if (found === null) return card.current.hide();
    card.current.show(at.x, at.y, found.label, [
      { label: xName, value: model.x.show(found.x), colour: seriesColour(found.place) },
      { label: yName, value: model.y.show(found.y), colour: seriesColour(found.place) },
    ]);
  };
  const leave = () => {
    setNear("");
    card.current?.hide();
  };
  const drawn = points.filter(({ x, y }) => Number.isFinite(model.x.place(x)) && Number.isFinite(model.y.place(y)));
  const missing = points.length - drawn.length;
  return (
    <Chart
      title={title}
      note={missing > 0 ? `${drawn.length} of ${points.length} have both values` : `${points.length}`}
      actions={actions}
      facts={() => ({
        head: ["", xName, yName],
        rows: points.map(({ label, x, y }) => [label, model.x.show(x), model.y.show(y)]),
      })}
    >
      <p className={style.yName}>{yName}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the table has the same, to be reached by keys */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: likewise */}
      <div
        className={onPick && near ? style.pointing : style.plot}
        style={{ height }}
        ref={box}
        onPointerMove={onPointerMove}
        onPointerLeave={leave}
        onClick={() => near && onPick?.(near)}
      >
        <canvas className={style.canvas} ref={canvas} role="img" aria-label={`${title}: ${drawn.length} points`} />
      </div>
    </Chart>
  );
}
