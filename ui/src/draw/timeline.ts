/** A timeline that can be zoomed, moved and chosen from: all of it without React, a frame at a time. */

import { paintOn } from "./canvas";
import { type CardLine, makeCard } from "./card";
import { grown, type Span } from "./scales";
import { showNumber, showSeconds } from "./show";
import { barAt, type Lane, type LaneBar, mostHeld, type Timeline, within, zoomed } from "./timelineLanes";
import { type CriticalPath, HEAD, paintTimeline, scaleOf, type TimelineModel } from "./timelinePaint";

interface TimelineCalls {
  /** Other seconds are shown; null: all. */
  onView(view: Span | null): void;
  /** Seconds were dragged over; null: none any more. */
  onPicked(picked: Span | null): void;
  /** A task was clicked, "train/2". */
  onOpen(task: string): void;
}

/** What the page says of how it is drawn. */
export interface TimelineLook {
  picked: Span | null;
  colourOf: (step: string) => string;
  only: string;
  memory: boolean;
  path: CriticalPath["parts"] | null;
  byWorker: boolean;
  /** It goes on: its end grows by steps. */
  isLive: boolean;
  /** `of`: their limit; 0: they have none. */
  bytes: (held: number, of: number) => string;
}

export interface TimelineHandle {
  /** What the server has told; it may be of more than is shown. */
  tell(timeline: Timeline, lanes: readonly Lane[]): void;
  look(look: TimelineLook): void;
  view(view: Span | null): void;
  /** Below 1: closer. */
  zoom(factor: number): void;
  /** By a share of what is shown. */
  pan(share: number): void;
  readonly shown: Span;
  remove(): void;
}

const NEAR = 4; // pixels within which a bar is pointed at
const SETTLED_MS = 150; // after the last move, before others are told what is shown
const DRAG = 4; // pixels from which on a press is a drag

/** How high all of it is, in pixels. */
export function heightOf(lanes: readonly Lane[]): number {
  const last = lanes.at(-1);
  return HEAD + (last ? last.top + last.height : 0) + 8;
}

/** Draws in `canvas`, which `scroller` lies over: it is as tall as all lanes are inside, and hears the pointer. */
export function drawTimeline(
  box: HTMLElement,
  canvas: HTMLCanvasElement,
  scroller: HTMLElement,
  calls: TimelineCalls,
): TimelineHandle {
  let look: TimelineLook | null = null;
  let whole: Span = [0, 1];
  let wanted: Span | null = null; // null: all
  let model: TimelineModel | null = null;
  let pointer: { x: number; y: number } | null = null;
  let settling: ReturnType<typeof setTimeout> | undefined;
  const card = makeCard(box);
  const painter = paintOn(canvas, (surface) => model && paintTimeline(surface, model));

  const shown = (): Span => wanted ?? whole;
  const change = (part: Partial<TimelineModel>) => {
    if (model === null) return;
    model = { ...model, ...part };
    painter.ask();
  };
  const go = (next: Span) => {
    const inside = within(next, whole);
    const all = inside[1] - inside[0] >= (whole[1] - whole[0]) * 0.999;
    wanted = all ? null : inside;
    change({ view: shown() });
    clearTimeout(settling); // an address that changed with each frame would be refused by browsers
    settling = setTimeout(() => calls.onView(wanted), SETTLED_MS);
  };
  const scale = () => scaleOf(shown(), model?.lanes ?? [], canvas.clientWidth);
  const find = (x: number, y: number) => {
    if (model === null || y < HEAD) return null;
    const to = scale();
    const reach = Math.abs(to.from(NEAR) - to.from(0));
    return barAt(model.lanes, y - HEAD + model.scroll, to.from(x), reach);
  };
  const hover = (x: number, y: number) => {
    pointer = { x, y };
    const found = find(x, y);
    scroller.style.cursor = found ? "pointer" : "crosshair";
    if (model && found?.bar !== model.hovered?.bar) change({ hovered: found });
    if (found === null || look === null) card.hide();
    else card.show(x, y, ...said(found.lane, found.bar, look));
  };
  const leave = () => {
    pointer = null;
    card.hide();
    change({ hovered: null });
  };
  const unlisten = listen(scroller, {
    hover,
    leave,
    pick: (from, to) => {
      const span: Span = [scale().from(Math.min(from, to)), scale().from(Math.max(from, to))];
      const picked = clipped(span, shown());
      change({ picked });
      return () => calls.onPicked(picked);
    },
    click: (x, y) => {
      const found = find(x, y);
      if (found === null) calls.onPicked(null);
      else if (found.bar.task) calls.onOpen(found.bar.task);
      else go(around(found.bar));
    },
    zoom: (factor, x) => go(zoomed(shown(), factor, scale().from(x), whole)),
    move: (pixels) => {
      const seconds = scale().from(0) - scale().from(pixels);
      go([shown()[0] + seconds, shown()[1] + seconds]);
    },
  });
  const onScroll = () => change({ scroll: scroller.scrollTop });
  scroller.addEventListener("scroll", onScroll, { passive: true });

  return {
    tell(timeline, lanes) {
      if (wanted !== null) whole = [0, Math.max(whole[1], timeline.end)];
      else whole = look?.isLive ? grown(whole[1] > 1 ? whole : null, [0, timeline.end]) : [0, timeline.end];
      const { picked = null, colourOf = () => "#808080", only = "", path = null, byWorker = true } = look ?? {};
      const scroll = scroller.scrollTop;
      const memory = look?.memory ? mostHeld(lanes) : 0;
      model = { timeline, lanes, view: shown(), picked, hovered: null, colourOf, only, memory, path, byWorker, scroll };
      painter.ask();
      if (pointer) hover(pointer.x, pointer.y);
    },
    look(next) {
      look = next;
      const { picked, colourOf, only, path, byWorker } = next;
      change({ picked, colourOf, only, path, byWorker, memory: next.memory && model ? mostHeld(model.lanes) : 0 });
    },
    view(next) {
      clearTimeout(settling);
      wanted = next;
      change({ view: shown() });
    },
    zoom(factor) {
      const [from, to] = shown();
      go(zoomed([from, to], factor, (from + to) / 2, whole));
    },
    pan(share) {
      const [from, to] = shown();
      go([from + share * (to - from), to + share * (to - from)]);
    },
    get shown() {
      return shown();
    },
    remove() {
      clearTimeout(settling);
      unlisten();
      scroller.removeEventListener("scroll", onScroll);
      painter.stop();
      card.remove();
    },
  };
}

interface Gestures {
  hover(x: number, y: number): void;
  leave(): void;
  /** Shows what is dragged over; what it gives back is called at the end. */
  pick(from: number, to: number): () => void;
  click(x: number, y: number): void;
  zoom(factor: number, x: number): void;
  move(pixels: number): void;
}

/** A mouse drags a range, a finger moves, two fingers or a wheel with Ctrl zoom, a wheel across moves. */
function listen(on: HTMLElement, does: Gestures): () => void {
  const down = new Map<number, { x: number; y: number; begun: number }>();
  let ended: (() => void) | null = null;
  const placed = (event: PointerEvent | WheelEvent) => {
    const { left, top } = on.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = placed(event);
    down.set(event.pointerId, { x, y, begun: x });
    on.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent) => {
    const { x, y } = placed(event);
    const held = down.get(event.pointerId);
    if (held === undefined) {
      if (event.pointerType !== "touch") does.hover(x, y);
      return;
    }
    const before = [...down.values()].map((one) => one.x);
    if (event.pointerType !== "touch") {
      if (ended !== null || Math.abs(x - held.begun) > DRAG) ended = does.pick(held.begun, x);
    } else if (down.size === 1) {
      if (Math.abs(x - held.begun) > DRAG) does.move(x - held.x);
    }
    down.set(event.pointerId, { ...held, x, y });
    const after = [...down.values()].map((one) => one.x);
    if (before.length === 2 && event.pointerType === "touch") pinch(before, after);
    if (ended) does.leave();
  };
  const pinch = ([a = 0, b = 0]: number[], [c = 0, d = 0]: number[]) => {
    const factor = Math.max(20, Math.abs(a - b)) / Math.max(20, Math.abs(c - d));
    does.zoom(factor, (c + d) / 2);
    does.move((c + d - a - b) / 2);
  };
  const onUp = (event: PointerEvent) => {
    const held = down.get(event.pointerId);
    down.delete(event.pointerId);
    if (held === undefined) return;
    if (ended) ended();
    else if (Math.abs(held.x - held.begun) <= DRAG && event.type === "pointerup") {
      if (event.pointerType === "touch") does.hover(held.x, held.y);
      else does.click(held.x, held.y);
    }
    ended = null;
  };
  const onWheel = (event: WheelEvent) => {
    const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey)
      does.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 120), placed(event).x);
    else if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY)) does.move(-across);
    else return;
    event.preventDefault();
  };
  on.addEventListener("pointerdown", onDown);
  on.addEventListener("pointermove", onMove);
  on.addEventListener("pointerup", onUp);
  on.addEventListener("pointercancel", onUp);
  on.addEventListener("pointerleave", does.leave);
  on.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    on.removeEventListener("pointerdown", onDown);
    on.removeEventListener("pointermove", onMove);
    on.removeEventListener("pointerup", onUp);
    on.removeEventListener("pointercancel", onUp);
    on.removeEventListener("pointerleave", does.leave);
    on.removeEventListener("wheel", onWheel);
  };
}

function clipped([from, to]: Span, [low, high]: Span): Span {
  return [Math.max(from, low), Math.min(to, high)];
}

/** Some bars of one pixel, and a bit on either side. */
function around({ start, end }: LaneBar): Span {
  const long = Math.max(end - start, 0.002);
  return [start - long / 2, end + long / 2];
}

function said(lane: Lane, bar: LaneBar, look: TimelineLook): [string, CardLine[], string] {
  const lines: CardLine[] = [];
  const took = showSeconds(bar.end - bar.start);
  if (bar.task) lines.push({ label: bar.is_running ? "has run" : "took", value: took });
  else lines.push({ label: "from the first to the last", value: took });
  lines.push({ label: "began at", value: showSeconds(bar.start) });
  if (bar.peak_bytes) {
    const held = look.bytes(bar.peak_bytes, bar.limit_bytes || 0);
    lines.push({ label: bar.task ? "memory" : "memory, the most", value: held });
  }
  if (bar.limit_share && !bar.limit_bytes)
    lines.push({ label: "of its limit, the most", value: `${Math.round(bar.limit_share * 100)}%` });
  if (look.byWorker) lines.push({ label: "worker", value: lane.name });
  if (bar.failed && !bar.task) lines.push({ label: "failed", value: showNumber(bar.failed) });
  const many = `${showNumber(bar.tasks)} tasks${bar.step ? ` of ${bar.step}` : ""}`;
  const state = bar.is_running ? ", running" : bar.failed ? ", failed" : "";
  return [bar.task ? bar.task + state : many, lines, bar.task ? "" : "click to see each"];
}
