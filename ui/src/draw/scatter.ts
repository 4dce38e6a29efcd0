/** Points of two values each. Pure but for the canvas. */

import type { Axis, AxisValue } from "./axes";
import { fitted, fontOf, type Surface } from "./canvas";
import { colours, seriesColour } from "./colours";

export interface ScatterPoint {
  id: string;
  label: string;
  x: AxisValue;
  y: AxisValue;
  place: number;
  /** It is left out by what is chosen elsewhere. */
  faint?: boolean;
}

export interface ScatterModel {
  points: readonly ScatterPoint[];
  x: Axis;
  y: Axis;
  xName: string;
  near: string;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 10, 42];
const SIZE = 4;

/** Where a point lies in a box of pixels; null: nowhere. */
export function pixelOf(point: ScatterPoint, { x, y }: Pick<ScatterModel, "x" | "y">, width: number, height: number) {
  const [across, up] = [x.place(point.x), y.place(point.y)];
  if (!Number.isFinite(across) || !Number.isFinite(up)) return null;
  return { x: LEFT + across * (width - LEFT - RIGHT), y: height - BOTTOM - up * (height - TOP - BOTTOM) };
}

/** The point nearest to a pixel, within 24 of these. */
export function nearestPoint(model: ScatterModel, at: { x: number; y: number }, width: number, height: number) {
  let found: ScatterPoint | null = null;
  let nearest = 24;
  for (const point of model.points) {
    const pixel = pixelOf(point, model, width, height);
    if (pixel === null || point.faint) continue;
    const far = Math.hypot(pixel.x - at.x, pixel.y - at.y);
    if (far < nearest) [found, nearest] = [point, far];
  }
  return found;
}

export function paintScatter({ ctx, width, height }: Surface, model: ScatterModel): void {
  const tint = colours();
  ctx.font = fontOf(11.5);
  ctx.strokeStyle = tint.line;
  ctx.fillStyle = tint["text-3"];
  ctx.lineWidth = 1;
  ctx.textBaseline = "middle";
  ctx.beginPath();
  for (const { place, label } of model.y.ticks(Math.max(2, Math.floor(height / 48)))) {
    const y = Math.round(height - BOTTOM - place * (height - TOP - BOTTOM)) + 0.5;
    ctx.moveTo(LEFT, y);
    ctx.lineTo(width - RIGHT, y);
    ctx.textAlign = "right";
    ctx.fillText(
      fitted(label, LEFT - 10, (text) => ctx.measureText(text).width),
      LEFT - 8,
      y,
    );
  }
  for (const { place, label } of model.x.ticks(Math.max(2, Math.floor(width / 90)))) {
    const x = Math.round(LEFT + place * (width - LEFT - RIGHT)) + 0.5;
    ctx.moveTo(x, TOP);
    ctx.lineTo(x, height - BOTTOM);
    ctx.textAlign = "center";
    ctx.fillText(
      fitted(label, 84, (text) => ctx.measureText(text).width),
      Math.min(x, width - ctx.measureText(label).width / 2),
      height - BOTTOM + 12,
    );
  }
  ctx.stroke();
  ctx.fillStyle = tint["text-2"];
  ctx.textAlign = "center";
  ctx.fillText(model.xName, (LEFT + width - RIGHT) / 2, height - 8);
  for (const point of model.points) paintPoint(ctx, point, model, width, height, tint.surface, tint.text);
}

function paintPoint(
  ctx: CanvasRenderingContext2D,
  point: ScatterPoint,
  model: ScatterModel,
  width: number,
  height: number,
  surface: string,
  ink: string,
): void {
  const pixel = pixelOf(point, model, width, height);
  if (pixel === null) return;
  const isNear = point.id === model.near;
  ctx.globalAlpha = point.faint ? 0.15 : 1;
  ctx.beginPath();
  ctx.arc(pixel.x, pixel.y, isNear ? SIZE + 2 : SIZE, 0, 2 * Math.PI);
  ctx.fillStyle = seriesColour(point.place);
  ctx.fill();
  ctx.strokeStyle = isNear ? ink : surface; // points over one another are told apart by their edges
  ctx.lineWidth = 1;
  ctx.stroke();
  ctx.globalAlpha = 1;
}
