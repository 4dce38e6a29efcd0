import { type PointerEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Chart } from "./Chart";
import type { Surface } from "./canvas";
import { type Card, makeCard } from "./card";
import { seriesColour } from "./colours";
import {
  acrossOf,
  type Brushes,
  isChosen,
  nearestLine,
  type ParallelAxis,
  type ParallelLine,
  type ParallelModel,
  paintParallel,
  placeAt,
  scalesOf,
} from "./parallel";
import style from "./plots.module.css";
import type { Span } from "./scales";
import { useCanvas } from "./useCanvas";

interface ParallelProps {
  title: string;
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  brushes: Brushes;
  /** Part of an axis was dragged over, from 0 to 1; null: clicked, none is chosen of it any more. */
  onBrush: (axis: string, span: Span | null) => void;
  onPick?: (id: string) => void;
  height?: number;
  actions?: ReactNode;
}

const REACH = 22; // pixels from an axis within which a drag is its brush

/** Lines through their values on axes side by side. A drag along an axis chooses a part of it. */
export function Parallel({ title, axes, lines, brushes, onBrush, onPick, height = 340, actions }: ParallelProps) {
  const box = useRef<HTMLDivElement>(null);
  const card = useRef<Card>(null);
  const drag = useRef<{ axis: string; from: number; span: Span } | null>(null);
  const [near, setNear] = useState("");
  const [dragged, setDragged] = useState<Brushes>({});
  useEffect(() => () => card.current?.remove(), []);
  const scales = useMemo(() => scalesOf(axes, lines), [axes, lines]);
  const model = useMemo<ParallelModel>(
    () => ({ axes, scales, lines, brushes: { ...brushes, ...dragged }, near }),
    [axes, scales, lines, brushes, dragged, near],
  );
  const canvas = useCanvas(useCallback((surface: Surface) => paintParallel(surface, model), [model]));
  const placed = (event: PointerEvent) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top, width, height };
  };
  const onPointerDown = (event: PointerEvent) => {
    const { x, y, width, height } = placed(event);
    const axis = axes.find((_, at) => Math.abs(acrossOf(at, axes.length, width) - x) < REACH);
    if (axis === undefined) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { axis: axis.id, from: y, span: [placeAt(y, height), placeAt(y, height)] };
    card.current?.hide();
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y, width, height } = placed(event);
    const held = drag.current;
    if (held) {
      held.span = [placeAt(Math.max(held.from, y), height), placeAt(Math.min(held.from, y), height)];
      if (Math.abs(held.from - y) > 3) setDragged({ [held.axis]: held.span });
      return;
    }
    const found = nearestLine(model, x, y, width, height);
    setNear(found?.id ?? "");
    if (box.current === null) return;
    card.current ??= makeCard(box.current);
    if (found === null) return card.current.hide();
    const values = axes.map(({ label }, at) => ({ label, value: scales[at]?.show(found.values[at] ?? null) ?? "–" }));
    const [first, ...others] = values;
    if (first) card.current.show(x, y, found.label, [{ ...first, colour: seriesColour(found.place) }, ...others]);
  };
  const onPointerUp = (event: PointerEvent) => {
    const held = drag.current;
    drag.current = null;
    if (held) {
      onBrush(held.axis, Math.abs(held.from - placed(event).y) > 3 ? held.span : null);
      setDragged({});
    } else if (near) onPick?.(near);
  };
  const leave = () => {
    setNear("");
    card.current?.hide();
  };
  const chosen = lines.filter((line) => isChosen(line, axes, scales, model.brushes)).length;
  const note = chosen < lines.length ? `${chosen} of ${lines.length} chosen` : `${lines.length}`;
  return (
    <Chart
      title={title}
      note={note}
      actions={actions}
      facts={() => ({
        head: ["", ...axes.map((axis) => axis.label)],
        rows: lines.map(({ label, values }) => [label, ...scales.map((scale, at) => scale.show(values[at] ?? null))]),
      })}
    >
      <div
        className={near && onPick ? style.pointing : style.plot}
        style={{ height }}
        ref={box}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={leave}
      >
        <canvas className={style.canvas} ref={canvas} role="img" aria-label={`${title}: ${note}`} />
      </div>
    </Chart>
  );
}
