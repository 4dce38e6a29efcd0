/** A curve on a canvas, by uPlot. Loaded when the first is drawn. */

import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { fontOf } from "./canvas";
import { type Card, makeCard } from "./card";
import { colours, onColours, seriesColour, seriesDash } from "./colours";
import type { Cursor } from "./cursor";
import { endLabels, labelRoom } from "./endLabels";
import { grown, rounded, roundedLog, type Span } from "./scales";
import { type CurveSeries, type CurveX, extentOf, nearestIndex } from "./series";
import { showNumber, showX, ticksOf } from "./show";
import { logTicks, numberTicks } from "./ticks";

export interface CurveView {
  x: CurveX;
  /** A logarithmic y axis: what is zero or less is not drawn. */
  log: boolean;
  /** What is shown of x; null: all. */
  range: Span | null;
  /** It goes on: the axes grow by steps. */
  live: boolean;
}

interface CurveCalls {
  onRange(range: Span | null): void;
  cursor: Cursor;
}

export interface CurveHandle {
  update(series: readonly CurveSeries[], view: CurveView): void;
  /** Moves the cursor by so many points of the first series. */
  step(by: number): void;
  remove(): void;
}

const MOST_LEGEND = 8; // beyond, names stand at the ends of the lines
const MOST_LINES = 8; // in the hover card

export function drawCurve(box: HTMLElement, calls: CurveCalls): CurveHandle {
  let series: readonly CurveSeries[] = [];
  let view: CurveView = { x: "step", log: false, range: null, live: false };
  let shape = "";
  let plot: uPlot | null = null;
  let shown: { x: Span | null; y: Span | null } = { x: null, y: null };
  const card = makeCard(box);

  const spans = () => {
    const own = extentOf(series, null, false) && spanOfX(series);
    const x = view.range ?? (view.live && own ? grown(shown.x, own) : own) ?? [0, 1];
    const data = extentOf(series, view.range, view.log);
    const y = data === null ? ([view.log ? 0.1 : 0, 1] as const) : grown(view.live ? shown.y : null, data);
    shown = { x: view.range ? shown.x : x, y };
    return { x: x[0] === x[1] ? ([x[0] - 0.5, x[1] + 0.5] as Span) : x, y: view.log ? roundedLog(y) : rounded(y) };
  };

  const make = () => {
    plot?.destroy();
    plot = new uPlot(
      options(box, series, view, calls, card, () => ({ series, view })),
      aligned(series),
      box,
    );
  };

  const sized = new ResizeObserver(() => {
    if (plot && box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: box.clientHeight });
  });
  sized.observe(box);
  const recolour = onColours(() => plot && make());
  const unhear = calls.cursor.on((x) => plot && mark(plot, x), box);

  return {
    update(next, nextView) {
      if (nextView.log !== view.log || nextView.x !== view.x) shown = { x: null, y: null };
      [series, view] = [next, nextView];
      const nextShape = JSON.stringify([
        view.x,
        view.log,
        series.map((one) => [one.id, one.place, !!one.band, one.faint]),
      ]);
      if (plot === null || nextShape !== shape) make();
      else plot.setData(aligned(series), false);
      shape = nextShape;
      const { x, y } = spans();
      plot?.batch(() => {
        plot?.setScale("x", { min: x[0], max: x[1] });
        plot?.setScale("y", { min: y[0], max: y[1] });
      });
    },
    step(by) {
      const xs = series[0]?.xs;
      if (plot === null || xs === undefined) return;
      const now = calls.cursor.x;
      const at = now === null ? (by > 0 ? 0 : xs.length - 1) : nearestIndex(xs, now) + by;
      const x = xs[Math.min(xs.length - 1, Math.max(0, at))];
      if (x === undefined) return;
      calls.cursor.set(x, box);
      mark(plot, x);
    },
    remove() {
      sized.disconnect();
      recolour();
      unhear();
      plot?.destroy();
      card.remove();
    },
  };
}

/** One column of x for all series, and a column for each y: null is a gap, undefined is no point of this series. */
function aligned(series: readonly CurveSeries[]): uPlot.AlignedData {
  const tables = series.map(({ xs, ys, band }) => {
    const columns = band ? [ys, band.low, band.high] : [ys];
    return [Array.from(xs), ...columns.map((column) => Array.from(column, (y) => (Number.isFinite(y) ? y : null)))];
  });
  if (tables.length === 0) return [[]];
  const first = tables[0] as uPlot.AlignedData;
  return tables.length === 1 ? first : uPlot.join(tables as uPlot.AlignedData[]);
}

function options(
  box: HTMLElement,
  series: readonly CurveSeries[],
  view: CurveView,
  calls: CurveCalls,
  card: Card,
  now: () => { series: readonly CurveSeries[]; view: CurveView },
): uPlot.Options {
  const tint = colours();
  const [small, yTicks, xTicks] = [fontOf(11.5), view.log ? logTicks : numberTicks, ticksOf(view.x)];
  const labelled = series.length > MOST_LEGEND;
  const doubled = () => {
    calls.onRange(null);
    return null;
  };
  const axis = { stroke: tint["text-3"], font: small, ticks: { show: false }, grid: { stroke: tint.line, width: 1 } };
  const splits = (ticks: typeof yTicks, pixels: number) => (plot: uPlot, at: number, low: number, high: number) => {
    const long = at === 0 ? plot.width : plot.height;
    return ticks([low, high], Math.max(2, Math.floor(long / pixels))).map((tick) => tick.value);
  };
  const labels = (ticks: typeof yTicks, pixels: number) => (plot: uPlot, values: number[], at: number) => {
    const { min = 0, max = 1 } = plot.scales[at === 0 ? "x" : "y"] ?? {};
    const long = at === 0 ? plot.width : plot.height;
    const named = new Map(
      ticks([min ?? 0, max ?? 1], Math.max(2, Math.floor(long / pixels))).map(({ value, label }) => [value, label]),
    );
    return values.map((value) => named.get(value) ?? "");
  };
  const xPixels = view.x === "time" || view.x === "elapsed" ? 90 : 72;
  return {
    width: box.clientWidth || 300,
    height: box.clientHeight || 160,
    padding: [8, labelled ? labelRoom(series) : 12, 0, 0],
    legend: { show: false },
    scales: { x: { time: false, auto: false }, y: { auto: false, distr: view.log ? 3 : 1 } },
    axes: [
      { ...axis, size: 26, gap: 4, splits: splits(xTicks, xPixels), values: labels(xTicks, xPixels) },
      { ...axis, size: yWidth, gap: 6, splits: splits(yTicks, 44), values: labels(yTicks, 44) },
    ],
    series: [{}, ...series.flatMap((one) => lines(one, view.log))],
    bands: bandsOf(series),
    cursor: {
      y: false,
      points: { size: 7, width: 2 },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      bind: { dblclick: () => doubled },
    },
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (width > 3) calls.onRange([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        },
      ],
      setCursor: [(plot) => point(plot, box, now(), calls.cursor, card)],
      ...(labelled ? { draw: [(plot: uPlot) => endLabels(plot, now().series)] } : {}),
    },
  };
}

/** As wide as the widest label, in steps of 8, so that an axis hardly ever moves the curve. */
const yWidth: uPlot.Axis.Size = (plot, values) => {
  const longest = Math.max(
    ...(values ?? []).map((value) => plot.ctx.measureText(value ?? "").width / devicePixelRatio),
    0,
  );
  return Math.max(40, Math.ceil((longest + 12) / 8) * 8);
};

function lines({ label, place, band, faint, xs }: CurveSeries, log: boolean): uPlot.Series[] {
  const stroke = seriesColour(place);
  const few = xs.length <= 60;
  const line: uPlot.Series = {
    label,
    stroke,
    width: faint ? 1 : 1.6,
    alpha: faint ? 0.3 : 1,
    dash: seriesDash(place),
    points: { show: few && !faint, size: xs.length === 1 ? 6 : 4, fill: stroke, width: 0 },
    ...(log ? { gaps: (_plot, _at, _first, _last, gaps) => gaps } : {}),
  };
  const edge: uPlot.Series = { label: "", stroke: "transparent", width: 0, points: { show: false } };
  return band ? [line, edge, edge] : [line];
}

function bandsOf(series: readonly CurveSeries[]): uPlot.Band[] {
  let at = 1;
  const found: uPlot.Band[] = [];
  for (const { band, place } of series) {
    if (band) found.push({ series: [at + 2, at + 1], fill: `${seriesColour(place)}2b` });
    at += band ? 3 : 1;
  }
  return found;
}

function spanOfX(series: readonly CurveSeries[]): Span | null {
  const ends = series.flatMap(({ xs }) => (xs.length ? [xs[0] ?? 0, xs[xs.length - 1] ?? 0] : []));
  return ends.length ? [Math.min(...ends), Math.max(...ends)] : null;
}

function mark(plot: uPlot, x: number | null): void {
  if (x === null) plot.setCursor({ left: -10, top: -10 }, false);
  else plot.setCursor({ left: plot.valToPos(x, "x"), top: plot.bbox.height / devicePixelRatio / 2 }, false);
}

/** Says where the pointer is, and shows what the series are there: the nearest to the pointer first. */
function point(
  plot: uPlot,
  box: HTMLElement,
  { series, view }: { series: readonly CurveSeries[]; view: CurveView },
  cursor: Cursor,
  card: Card,
): void {
  const { left = -10, top = -10 } = plot.cursor;
  if (left < 0 || series.length === 0) {
    card.hide();
    cursor.set(null, box);
    return;
  }
  const x = plot.posToVal(left, "x");
  cursor.set(x, box);
  const found = series.flatMap((one) => {
    if (one.faint) return [];
    const at = nearestIndex(one.xs, x);
    const y = one.ys[at];
    return y === undefined ? [] : [{ one, y, x: one.xs[at] ?? x, far: Math.abs(plot.valToPos(y, "y") - top) }];
  });
  const near = found.reduce((a, b) => (b.far < a.far ? b : a), found[0] ?? { one: null, y: 0, x, far: 0 });
  const many = found.length > MOST_LINES;
  const listed = many ? found.sort((a, b) => a.far - b.far).slice(0, MOST_LINES) : found;
  card.show(
    left + plot.over.offsetLeft,
    top + plot.over.offsetTop,
    showX(near.x, view.x),
    listed.map(({ one, y }) => ({
      label: one.label,
      value: showNumber(y),
      colour: seriesColour(one.place),
      near: found.length > 1 && one === near.one,
    })),
    many ? `and ${found.length - MOST_LINES} more` : "",
  );
}
