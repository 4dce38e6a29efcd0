/** Names at the ends of lines, where there are too many for a legend: as many as have room, none over another. */

import type uPlot from "uplot";
import { fitted, fontOf } from "./canvas";
import { seriesColour } from "./colours";
import type { CurveSeries } from "./series";

const LINE = 14;
const MOST = 140; // pixels of a name

/** Places for labels of one height that want to stand at `wanted`: in that order, apart, between 0 and `high`. Those that
 * have no room are left out: the ones between others first. */
export function apart(wanted: readonly number[], line: number, high: number): Map<number, number> {
  const order = wanted.map((y, at) => ({ y, at })).filter(({ y }) => Number.isFinite(y));
  order.sort((a, b) => a.y - b.y);
  const room = Math.floor(high / line);
  const kept = order.length <= room ? order : thinned(order, room);
  let last = Number.NEGATIVE_INFINITY;
  const down = kept.map(({ y }) => {
    last = Math.max(y, last + line, line / 2);
    return last;
  });
  let next = high + line / 2;
  for (let at = down.length - 1; at >= 0; at -= 1) {
    next = Math.min(down[at] ?? next, next - line);
    down[at] = next;
  }
  return new Map(kept.map(({ at }, index) => [at, down[index] ?? 0]));
}

function thinned<T>(all: readonly T[], room: number): T[] {
  const step = (all.length - 1) / Math.max(1, room - 1);
  const picked = Array.from({ length: room }, (_, at) => all[Math.round(at * step)]);
  return picked.filter((one): one is T => one !== undefined);
}

export function labelRoom(series: readonly CurveSeries[]): number {
  const longest = Math.max(...series.map(({ label }) => label.length));
  return Math.min(MOST, longest * 6.5) + 14;
}

export function endLabels(plot: uPlot, series: readonly CurveSeries[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const max = plot.scales.x?.max ?? 0;
  const named = series.filter((one) => !one.faint && one.xs.length > 0);
  const wanted = named.map(({ xs, ys }) => {
    let at = xs.length - 1;
    while (at > 0 && ((xs[at] ?? 0) > max || !Number.isFinite(ys[at]))) at -= 1;
    return plot.valToPos(ys[at] ?? Number.NaN, "y");
  });
  ctx.save();
  ctx.scale(ratio, ratio);
  ctx.font = fontOf(11.5);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const [left, top] = [(bbox.left + bbox.width) / ratio + 6, bbox.top / ratio];
  for (const [at, y] of apart(wanted, LINE, bbox.height / ratio)) {
    const one = named[at];
    if (one === undefined) continue;
    ctx.fillStyle = seriesColour(one.place);
    ctx.fillText(
      fitted(one.label, MOST, (text) => ctx.measureText(text).width),
      left,
      top + y,
    );
  }
  ctx.restore();
}
