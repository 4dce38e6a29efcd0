/** Parallel coordinates: a line for each thing, through its values on axes that stand side by side. */

import { type Axis, type AxisValue, axisOf } from "./axes";
import { fitted, fontOf, type Surface } from "./canvas";
import { colours, seriesColour, seriesDash } from "./colours";
import type { Span } from "./scales";

export interface ParallelAxis {
  id: string;
  label: string;
  log?: boolean;
}

export interface ParallelLine {
  id: string;
  label: string;
  place: number;
  /** One for each axis. */
  values: readonly AxisValue[];
}

/** Which part of an axis is chosen, from 0 to 1: by the axis' id. */
export type Brushes = Readonly<Record<string, Span>>;

export interface ParallelModel {
  axes: readonly ParallelAxis[];
  scales: readonly Axis[];
  lines: readonly ParallelLine[];
  brushes: Brushes;
  near: string;
}

const [SIDE, TOP, BOTTOM] = [64, 34, 14];
const CALM = 0.09; // how much is seen of what is left out

export function scalesOf(axes: readonly ParallelAxis[], lines: readonly ParallelLine[]): Axis[] {
  return axes.map(({ log }, at) =>
    axisOf(
      lines.map((line) => line.values[at] ?? null),
      log,
    ),
  );
}

/** Whether a line goes through all that is chosen. */
export function isChosen(line: ParallelLine, axes: readonly ParallelAxis[], scales: readonly Axis[], brushes: Brushes) {
  return axes.every(({ id }, at) => {
    const brush = brushes[id];
    if (brush === undefined) return true;
    const place = scales[at]?.place(line.values[at] ?? null) ?? Number.NaN;
    return place >= brush[0] - 1e-9 && place <= brush[1] + 1e-9;
  });
}

/** The pixel across of an axis. */
export function acrossOf(at: number, count: number, width: number): number {
  const side = Math.min(SIDE, width / 6);
  return count > 1 ? side + (at / (count - 1)) * (width - 2 * side) : width / 2;
}

/** From a pixel down to a place on an axis. */
export function placeAt(y: number, height: number): number {
  return Math.min(1, Math.max(0, 1 - (y - TOP) / (height - TOP - BOTTOM)));
}

function downOf(place: number, height: number): number {
  return TOP + (1 - place) * (height - TOP - BOTTOM);
}

/** The pixels of a line's points; a value that is missing ends a part of it. */
function pathOf(line: ParallelLine, scales: readonly Axis[], width: number, height: number): [number, number][] {
  return scales.map((scale, at) => [
    acrossOf(at, scales.length, width),
    downOf(scale.place(line.values[at] ?? null), height),
  ]);
}

/** The line nearest to a pixel, within 10, of those that are chosen. */
export function nearestLine(model: ParallelModel, x: number, y: number, width: number, height: number) {
  let found: ParallelLine | null = null;
  let nearest = 10;
  for (const line of model.lines) {
    if (!isChosen(line, model.axes, model.scales, model.brushes)) continue;
    const path = pathOf(line, model.scales, width, height);
    for (let at = 1; at < path.length; at += 1) {
      const [[x0, y0], [x1, y1]] = [path[at - 1] ?? [0, 0], path[at] ?? [0, 0]];
      if (x < x0 || x > x1 || x1 === x0) continue;
      const far = Math.abs(y0 + ((x - x0) / (x1 - x0)) * (y1 - y0) - y);
      if (far < nearest) [found, nearest] = [line, far];
    }
  }
  return found;
}

export function paintParallel(surface: Surface, model: ParallelModel): void {
  const { ctx, width, height } = surface;
  const chosen = (line: ParallelLine) => isChosen(line, model.axes, model.scales, model.brushes);
  const ordered = [...model.lines].sort((a, b) => rank(a) - rank(b));
  function rank(line: ParallelLine): number {
    return line.id === model.near ? 2 : chosen(line) ? 1 : 0;
  }
  for (const line of ordered) {
    const isNear = line.id === model.near;
    ctx.globalAlpha = !chosen(line) ? CALM : model.near && !isNear ? 0.35 : 0.9;
    ctx.strokeStyle = seriesColour(line.place);
    ctx.setLineDash(seriesDash(line.place));
    ctx.lineWidth = isNear ? 2.6 : 1.5;
    ctx.beginPath();
    let pen = false;
    for (const [x, y] of pathOf(line, model.scales, width, height)) {
      if (Number.isFinite(y)) pen ? ctx.lineTo(x, y) : ctx.moveTo(x, y);
      pen = Number.isFinite(y);
    }
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  for (const [at, axis] of model.axes.entries()) paintAxis(surface, model, axis, at);
}

function paintAxis({ ctx, width, height }: Surface, model: ParallelModel, axis: ParallelAxis, at: number): void {
  const tint = colours();
  const x = Math.round(acrossOf(at, model.axes.length, width)) + 0.5;
  const room = (width - 2 * SIDE) / Math.max(1, model.axes.length - 1) - 12;
  const wide = (text: string) => ctx.measureText(text).width;
  ctx.strokeStyle = tint["line-strong"];
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, TOP);
  ctx.lineTo(x, height - BOTTOM);
  ctx.stroke();
  const brush = model.brushes[axis.id];
  if (brush) {
    ctx.fillStyle = tint.accent;
    ctx.globalAlpha = 0.25;
    ctx.fillRect(x - 7, downOf(brush[1], height), 14, Math.max(2, downOf(brush[0], height) - downOf(brush[1], height)));
    ctx.globalAlpha = 1;
  }
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  ctx.font = fontOf(12, 500);
  ctx.fillStyle = brush ? tint.accent : tint.text;
  ctx.fillText(fitted(axis.label, Math.max(70, room), wide), x, 12);
  ctx.font = fontOf(11.5);
  ctx.textAlign = "left";
  for (const { place, label } of model.scales[at]?.ticks(Math.max(2, Math.floor(height / 52))) ?? []) {
    if (!label) continue;
    const text = fitted(label, Math.max(40, Math.min(room, SIDE - 8)), wide);
    const y = downOf(place, height);
    ctx.fillStyle = tint.surface; // read over lines, also over one that runs along it
    ctx.fillRect(x + 3, y - 7, wide(text) + 6, 14);
    ctx.fillStyle = tint["text-3"];
    ctx.fillText(text, x + 6, y);
  }
}
