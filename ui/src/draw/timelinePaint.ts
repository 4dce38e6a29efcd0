/** What a timeline looks like. It knows nothing of pointers and keys. */

import type { Finite, Schemas } from "@/api/types";
import { fitted, fontOf, type Surface } from "./canvas";
import { type Colours, colours, inkOn } from "./colours";
import { linear, type Scale, type Span } from "./scales";
import { durationTicks } from "./ticks";
import { type Lane, type LaneBar, memoryOf, rowOf, type Timeline } from "./timelineLanes";

export type CriticalPath = Finite<Schemas["CriticalPath"]>;

export interface TimelineModel {
  timeline: Timeline;
  lanes: readonly Lane[];
  /** Which seconds are shown. */
  view: Span;
  /** Which are chosen. */
  picked: Span | null;
  /** Where the pointer is. */
  hovered: { lane: Lane; bar: LaneBar } | null;
  colourOf: (step: string) => string;
  /** The step that stands out; "": none does. */
  only: string;
  /** Bars are as high as their memory against its limit, and where they have none against this, in bytes; 0: they are
   * whole. */
  memory: number;
  /** The tasks that the run waited for; null: not shown. */
  path: CriticalPath["parts"] | null;
  byWorker: boolean;
  /** How far the lanes are scrolled up. */
  scroll: number;
}

const AXIS = 26;
const BUSY = 34;
export const HEAD = AXIS + BUSY + 8;

/** How wide the names of the lanes are drawn. */
function gutterOf(lanes: readonly Lane[], width: number): number {
  const longest = lanes.reduce((most, lane) => Math.max(most, lane.name.length), 4);
  return Math.round(Math.min(width * 0.28, 180, Math.max(64, longest * 7 + 28)));
}

export function scaleOf(view: Span, lanes: readonly Lane[], width: number): Scale {
  return linear(view, [gutterOf(lanes, width), width - 12]);
}

export function paintTimeline(surface: Surface, model: TimelineModel): void {
  const { ctx, width, height } = surface;
  const tint = colours();
  const scale = scaleOf(model.view, model.lanes, width);
  const [left, right] = scale.range;
  paintGrid(surface, scale, tint);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, right - left, height);
  ctx.clip();
  paintBusy(surface, scale, model, tint);
  ctx.beginPath();
  ctx.rect(left, HEAD, right - left, height - HEAD);
  ctx.clip();
  const shown = model.lanes.filter((lane) => top(lane, model) < height && top(lane, model) + lane.height > HEAD);
  for (const lane of shown) paintLane(surface, scale, lane, model, tint);
  if (model.path) paintPath(surface, scale, model, model.path, tint);
  ctx.restore();
  paintPicked(surface, scale, model, tint);
  paintNames(surface, shown, model, left, tint);
}

const top = (lane: Lane, model: TimelineModel) => HEAD + lane.top - model.scroll;

function paintGrid({ ctx, width, height }: Surface, scale: Scale, tint: Colours): void {
  ctx.font = fontOf(11.5);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = tint["text-3"];
  ctx.strokeStyle = tint.line;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const [left, right] = scale.range;
  for (const { value, label } of durationTicks(scale.domain, Math.max(2, Math.floor((right - left) / 90)))) {
    const x = Math.round(scale.to(value)) + 0.5;
    ctx.moveTo(x, AXIS - 3);
    ctx.lineTo(x, height);
    const half = ctx.measureText(label).width / 2;
    ctx.fillText(label, Math.min(Math.max(x, left + half), width - half - 2), AXIS / 2);
  }
  ctx.stroke();
}

/** How many tasks ran at once, as high as the most that did. */
function paintBusy({ ctx }: Surface, scale: Scale, { timeline }: TimelineModel, tint: Colours): void {
  const { busy, start, end } = timeline;
  const most = busy.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return;
  const floor = AXIS + BUSY;
  const each = (end - start) / busy.length;
  ctx.beginPath();
  ctx.moveTo(scale.to(start), floor);
  busy.forEach((count, at) => {
    const y = floor - (count / most) * BUSY;
    ctx.lineTo(scale.to(start + at * each), y);
    ctx.lineTo(scale.to(start + (at + 1) * each), y);
  });
  ctx.lineTo(scale.to(end), floor);
  ctx.globalAlpha = 0.3;
  ctx.fillStyle = tint.accent;
  ctx.fill();
  ctx.globalAlpha = 1;
}

function paintLane({ ctx }: Surface, scale: Scale, lane: Lane, model: TimelineModel, tint: Colours): void {
  const y = top(lane, model);
  const [left, right] = scale.range;
  if (model.byWorker) paintWaiting(ctx, scale, lane, y, tint);
  const labels: [LaneBar, number, number][] = [];
  const crosses: [number, number][] = [];
  const thin = new ThinBars(ctx);
  for (const bar of lane.bars) {
    const x = scale.to(bar.start);
    const wide = Math.max(1, scale.to(bar.end) - x);
    if (x > right || x + wide < left) continue;
    const [begin, tall] = rowOf(lane, bar.row);
    const failed = bar.failed > 0 && bar.failed === bar.tasks;
    const colour = failed ? tint.failed : bar.step ? model.colourOf(bar.step) : tint["text-3"];
    const faint = (model.only !== "" && bar.step !== model.only) || model.path !== null;
    const isThin = wide < 7 || tall < 5;
    if (model.memory > 0) {
      const { share, isOfLimit } = memoryOf(bar, model.memory);
      thin.add(x, y + begin, wide, tall, colour, isOfLimit ? 0.24 : 0.1);
      thin.end();
      const alpha = isOfLimit ? 1 : NO_LIMIT;
      thin.add(x, y + begin + tall * (1 - share), wide, tall * share, colour, faint ? FAINT : alpha);
      thin.end();
      if (isOfLimit) paintLimit(ctx, x, y + begin, wide, share >= CLOSE ? tint.retry : tint["text-3"]);
    } else if (isThin) thin.add(x, y + begin, wide, tall, colour, faint ? FAINT : 1);
    else {
      thin.end();
      ctx.globalAlpha = faint ? FAINT : 1;
      ctx.fillStyle = colour;
      box(ctx, x, y + begin, wide, tall);
    }
    if (bar.is_running) {
      thin.end();
      paintGoing(ctx, x + wide, y + begin, tall, tint);
    }
    if (bar.failed > 0) crosses.push([x + Math.min(wide, 40) / 2, y + begin + tall / 2]);
    else if (wide > 34 && tall >= 12 && model.memory === 0 && !faint) labels.push([bar, x, wide]);
  }
  thin.end();
  ctx.globalAlpha = 1;
  paintLabels(ctx, scale, lane, y, labels, model);
  paintCrosses(ctx, crosses, tint);
  const { hovered } = model;
  if (hovered && hovered.lane.name === lane.name) outline(ctx, scale, lane, y, hovered.bar, tint.text);
}

const FAINT = 0.22;
const NO_LIMIT = 0.5; // what has none is paler than what is measured by its own
const CLOSE = 0.9; // of its limit: the next one may not fit
const UNSEEN = 0.6; // of a pixel: a gap that can't be seen

/** Bars of few pixels: those of one colour that touch are drawn as one, since thousands of them stand in a lane. */
class ThinBars {
  #x = 0;
  #end = 0;
  #y = 0;
  #tall = 0;
  #colour = "";
  #alpha = 1;

  constructor(readonly ctx: CanvasRenderingContext2D) {}

  add(x: number, y: number, wide: number, tall: number, colour: string, alpha: number): void {
    const isSame = colour === this.#colour && y === this.#y && tall === this.#tall && alpha === this.#alpha;
    if (isSame && x <= this.#end + UNSEEN) {
      this.#end = Math.max(this.#end, x + wide);
      return;
    }
    this.end();
    [this.#x, this.#end, this.#y, this.#tall, this.#colour, this.#alpha] = [x, x + wide, y, tall, colour, alpha];
  }

  /** Draws what is left. */
  end(): void {
    if (this.#colour === "") return;
    this.ctx.globalAlpha = this.#alpha;
    this.ctx.fillStyle = this.#colour;
    this.ctx.fillRect(this.#x, this.#y, this.#end - this.#x, this.#tall);
    this.#colour = "";
  }
}

/** The line that memory must not cross. */
function paintLimit(ctx: CanvasRenderingContext2D, x: number, y: number, wide: number, colour: string): void {
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillRect(x, y, wide, 1.5);
}

/** A worker that waits for its next task. */
function paintWaiting(ctx: CanvasRenderingContext2D, scale: Scale, lane: Lane, y: number, tint: Colours): void {
  const [first, last] = [lane.bars[0], lane.bars.at(-1)];
  if (first === undefined || last === undefined) return;
  ctx.fillStyle = tint["line-strong"];
  ctx.fillRect(scale.to(first.start), Math.round(y + lane.height / 2), scale.to(last.end) - scale.to(first.start), 1);
}

/** The open end of what still runs. */
function paintGoing(ctx: CanvasRenderingContext2D, x: number, y: number, tall: number, tint: Colours): void {
  ctx.fillStyle = tint.running;
  ctx.fillRect(x - 2, y - 1, 2.5, tall + 2);
}

function paintLabels(
  ctx: CanvasRenderingContext2D,
  scale: Scale,
  lane: Lane,
  y: number,
  labels: readonly [LaneBar, number, number][],
  model: TimelineModel,
): void {
  const [left, right] = scale.range;
  ctx.font = fontOf(11.5, 500);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const [bar, x, wide] of labels) {
    const [begin, tall] = rowOf(lane, bar.row);
    const from = Math.max(x, left) + 6;
    const room = Math.min(x + wide, right) - from - 5;
    const text = labelOf(bar, (part) => measured(ctx, part) <= room);
    if (!text) continue;
    ctx.fillStyle = inkOn(bar.step ? model.colourOf(bar.step) : "#808080");
    ctx.fillText(text, from, y + begin + tall / 2 + 0.5);
  }
}

/** The longest name that fits whole, then one cut to no less than five letters; "": none. */
function labelOf({ task, step, tasks }: LaneBar, fits: (text: string) => boolean): string {
  const whole = [task, tasks > 1 ? `${step} ×${tasks}` : "", step].find((name) => name !== "" && fits(name));
  if (whole !== undefined) return whole;
  for (let letters = step.length - 2; letters >= 5; letters -= 1) {
    const cut = `${step.slice(0, letters)}…`;
    if (fits(cut)) return cut;
  }
  return "";
}

const widths = new Map<string, number>();

/** Measuring text is slow, and a timeline has few different ones. */
function measured(ctx: CanvasRenderingContext2D, text: string): number {
  let wide = widths.get(text);
  if (wide === undefined) {
    if (widths.size > 4000) widths.clear();
    wide = ctx.measureText(text).width;
    widths.set(text, wide);
  }
  return wide;
}

/** Failures are crosses, too, and at most one for each 9 pixels. */
function paintCrosses(ctx: CanvasRenderingContext2D, crosses: readonly [number, number][], tint: Colours): void {
  let last = Number.NEGATIVE_INFINITY;
  const kept = crosses.filter(([x]) => {
    if (x - last < 9) return false;
    last = x;
    return true;
  });
  const cross = (wide: number, colour: string) => {
    ctx.lineWidth = wide;
    ctx.strokeStyle = colour;
    ctx.lineCap = "round";
    ctx.beginPath();
    for (const [x, y] of kept) {
      ctx.moveTo(x - 3, y - 3);
      ctx.lineTo(x + 3, y + 3);
      ctx.moveTo(x + 3, y - 3);
      ctx.lineTo(x - 3, y + 3);
    }
    ctx.stroke();
  };
  cross(5, tint.failed);
  cross(1.8, tint.surface);
}

/** What the run waited for, and how it went from lane to lane. */
function paintPath(
  { ctx }: Surface,
  scale: Scale,
  model: TimelineModel,
  path: CriticalPath["parts"],
  tint: Colours,
): void {
  const lanes = new Map(model.lanes.map((lane) => [lane.name, lane]));
  const places = path.flatMap((part) => {
    const step = part.task.slice(0, part.task.lastIndexOf("/"));
    const lane = lanes.get(model.byWorker ? part.worker : step);
    return lane ? [{ part, step, lane, y: top(lane, model) }] : [];
  });
  ctx.strokeStyle = tint["text-2"];
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  places.forEach(({ part, lane, y }, at) => {
    const next = places[at + 1];
    if (next === undefined) return;
    ctx.moveTo(scale.to(part.end), y + lane.height / 2);
    ctx.lineTo(scale.to(next.part.start), next.y + next.lane.height / 2);
  });
  ctx.stroke();
  for (const { part, step, lane, y } of places) {
    const x = scale.to(part.start);
    ctx.fillStyle = model.colourOf(step);
    const [begin, tall] = lane.rows > 1 ? [(lane.height - ROW_OF_PATH) / 2, ROW_OF_PATH] : rowOf(lane, 0);
    box(ctx, x, y + begin, Math.max(1.5, scale.to(part.end) - x), tall);
  }
}

const ROW_OF_PATH = 14;

function paintPicked({ ctx, height }: Surface, scale: Scale, { picked }: TimelineModel, tint: Colours): void {
  if (picked === null) return;
  const [left, right] = scale.range;
  const from = Math.max(left, scale.to(picked[0]));
  const to = Math.min(right, scale.to(picked[1]));
  if (to <= left || from >= right) return;
  ctx.fillStyle = tint.accent;
  ctx.globalAlpha = 0.1;
  ctx.fillRect(from, 0, to - from, height);
  ctx.globalAlpha = 1;
  ctx.fillRect(from, 0, 1, height);
  ctx.fillRect(to - 1, 0, 1, height);
}

function paintNames(
  { ctx, height }: Surface,
  shown: readonly Lane[],
  model: TimelineModel,
  left: number,
  tint: Colours,
): void {
  ctx.font = fontOf(11.5);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = tint["text-3"];
  const wide = (part: string) => measured(ctx, part);
  const busy = model.timeline.busy.reduce((a, b) => Math.max(a, b), 0);
  ctx.fillText("busy", 16, AXIS + BUSY / 2 + 4);
  ctx.textAlign = "right";
  if (busy > 0) ctx.fillText(String(Math.round(busy)), left - 8, AXIS + 5);
  ctx.textAlign = "left";
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, HEAD, left, height - HEAD);
  ctx.clip();
  ctx.fillStyle = tint["text-2"];
  for (const lane of shown) {
    ctx.fillText(fitted(lane.name, left - 24, wide), 16, top(lane, model) + lane.height / 2);
  }
  ctx.restore();
}

function outline(
  ctx: CanvasRenderingContext2D,
  scale: Scale,
  lane: Lane,
  y: number,
  bar: LaneBar,
  colour: string,
): void {
  const [begin, tall] = rowOf(lane, bar.row);
  const x = scale.to(bar.start);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.roundRect(x - 1, y + begin - 1, Math.max(1, scale.to(bar.end) - x) + 2, tall + 2, 3);
  ctx.stroke();
}

function box(ctx: CanvasRenderingContext2D, x: number, y: number, wide: number, tall: number): void {
  ctx.beginPath();
  ctx.roundRect(x, y, wide - 0.5, tall, 2.5); // half a pixel between bars that follow one another
  ctx.fill();
}
