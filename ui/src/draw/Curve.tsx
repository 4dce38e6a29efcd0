import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Chart, type Facts } from "./Chart";
import style from "./Curve.module.css";
import { type Cursor, makeCursor } from "./cursor";
import type { CurveHandle, CurveView } from "./curve";
import type { Span } from "./scales";
import { type CurveSeries, type CurveX, nearestIndex, noteOf, summaryOf } from "./series";
import { showNumber, showX } from "./show";

interface CurveProps {
  title: string;
  series: readonly CurveSeries[];
  x?: CurveX;
  log?: boolean;
  /** What is shown of x; null: all. */
  range?: Span | null;
  /** Dragged over: null: all again, by a double click or `0`. */
  onRange?: (range: Span | null) => void;
  live?: boolean;
  /** Shared by what stands beside it. */
  cursor?: Cursor;
  /** In pixels. */
  height?: number;
  actions?: ReactNode;
}

const MOST_LEGEND = 8;
const MOST_ROWS = 200;
const nowhere = () => undefined;

/** Curves of some series over one x. */
export function Curve(props: CurveProps) {
  const { title, series, x = "step", height = 220, actions } = props;
  const { box, handle, failed } = useDrawn(props);
  const legend = series.length > MOST_LEGEND ? [] : series.filter((one) => !one.faint);
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (by !== undefined) handle.current?.step(by);
    else if (event.key === "0") props.onRange?.(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Chart
      title={title}
      note={failed || noteOf(series)}
      legend={legend.map(({ label, place, ys }) => ({ label, place, value: lastOf(ys) }))}
      actions={actions}
      facts={() => factsOf(series, x)}
    >
      <div
        className={style.plot}
        style={{ height }}
        role="img"
        aria-label={summaryOf(title, series, showNumber)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the cursor
        tabIndex={0}
        onKeyDown={onKey}
        ref={box}
      />
    </Chart>
  );
}

/** Draws in the box, and draws again what has changed. */
function useDrawn({ series, x = "step", log = false, range = null, live = false, cursor, onRange }: CurveProps) {
  const box = useRef<HTMLDivElement>(null);
  const handle = useRef<CurveHandle | null>(null);
  const [failed, setFailed] = useState("");
  const [own] = useState(makeCursor);
  const shared = cursor ?? own;
  const wanted = useRef<{ series: readonly CurveSeries[]; view: CurveView; onRange: (range: Span | null) => void }>(
    null,
  );
  useEffect(() => {
    wanted.current = { series, view: { x, log, range, live }, onRange: onRange ?? nowhere };
    handle.current?.update(series, wanted.current.view);
  }, [series, x, log, range, live, onRange]);
  useEffect(() => {
    let gone = false;
    import("./curve").then(
      ({ drawCurve }) => {
        if (gone || box.current === null) return;
        handle.current = drawCurve(box.current, { cursor: shared, onRange: (to) => wanted.current?.onRange(to) });
        if (wanted.current) handle.current.update(wanted.current.series, wanted.current.view);
      },
      () => setFailed("the page has changed on the server: load it again"),
    );
    return () => {
      gone = true;
      handle.current?.remove();
      handle.current = null;
    };
  }, [shared]);
  return { box, handle, failed };
}

function lastOf(ys: CurveSeries["ys"]): string {
  for (let at = ys.length - 1; at >= 0; at -= 1) {
    const y = ys[at];
    if (y !== undefined && Number.isFinite(y)) return showNumber(y);
  }
  return "–";
}

/** A row for each x of the series with the most points; of many, evenly spread ones. */
function factsOf(series: readonly CurveSeries[], x: CurveX): Facts {
  const seen = series.filter((one) => !one.faint);
  const longest = seen.reduce(
    (a, b) => (b.xs.length > a.xs.length ? b : a),
    seen[0] ?? { xs: [] as readonly number[] },
  );
  const whole = longest.xs.length;
  const step = Math.max(1, whole / MOST_ROWS);
  const rows: string[][] = [];
  for (let at = 0; at < whole; at += step) {
    const value = longest.xs[Math.floor(at)] ?? 0;
    rows.push([showX(value, x), ...seen.map(({ xs, ys }) => showAt(ys[nearestIndex(xs, value)]))]);
  }
  return { head: [x, ...seen.map((one) => one.label)], rows, whole };
}

function showAt(y: number | undefined): string {
  return y === undefined ? "" : showNumber(y);
}
