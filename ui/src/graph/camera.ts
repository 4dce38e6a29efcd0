/** Where the reader looks: one transform for all that is drawn. No React: it moves with every pointer event. */

import type { Box, Layout } from "./layout/layoutTypes";

export interface View {
  /** What is seen at the left top, and how many pixels a unit of the graph takes. */
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The text of a node in the graph's units, and the smallest that is still read, in pixels. */
const TEXT = 12.5;
const SMALLEST_TEXT = 11;
export const READABLE = SMALLEST_TEXT / TEXT;
const MOST = 2.5;
const LEAST = 0.02;
const MARGIN = 28;
const TOOLS = 48; // their height, in pixels

/** All of it, however small it gets. */
export function whole(bounds: Box, size: Size): View {
  const scale = Math.min(
    1,
    (size.width - 2 * MARGIN) / Math.max(1, bounds.width),
    (size.height - 2 * MARGIN) / Math.max(1, bounds.height),
  );
  return centred(bounds, size, Math.max(LEAST, scale));
}

/**
 * The first view: all of it where its text can be read then, else what matters most in the middle: `focus`. One that goes
 * on growing begins at the edge that it grows away from: what comes has room, and nothing has to move for it.
 */
export function firstView({ bounds, direction }: Laid, size: Size, focus: Box | null, isGrowing = false): View {
  const room = roomOf({ direction }, size);
  const view = whole(bounds, room);
  if (view.scale < READABLE) return within(centred(focus ?? bounds, room, READABLE), bounds, room);
  if (!isGrowing) return view;
  const edge = MARGIN / view.scale;
  return direction === "right" ? { ...view, x: bounds.x - edge } : { ...view, y: bounds.y - edge };
}

type Laid = Pick<Layout, "bounds" | "direction">;

/** What is free of the tools: a graph that runs down would end below them. */
export function roomOf({ direction }: Pick<Layout, "direction">, size: Size): Size {
  return direction === "down" ? { ...size, height: Math.max(1, size.height - TOOLS) } : size;
}

export function centred(box: Box, size: Size, scale: number): View {
  return {
    x: box.x + box.width / 2 - size.width / scale / 2,
    y: box.y + box.height / 2 - size.height / scale / 2,
    scale,
  };
}

/** The same, moved so that no side shows more emptiness than it must. */
function within(view: View, bounds: Box, size: Size): View {
  const margin = MARGIN / view.scale;
  const moved = (at: number, begin: number, length: number, room: number) =>
    length <= room ? begin - (room - length) / 2 : Math.min(Math.max(at, begin), begin + length - room);
  return {
    x: moved(view.x, bounds.x - margin, bounds.width + 2 * margin, size.width / view.scale),
    y: moved(view.y, bounds.y - margin, bounds.height + 2 * margin, size.height / view.scale),
    scale: view.scale,
  };
}

/** The nearest view that has all of the box in it. */
export function showing(view: View, box: Box, size: Size): View {
  const margin = MARGIN / view.scale;
  const near = (at: number, begin: number, length: number, room: number) => {
    if (length + 2 * margin > room) return begin - margin;
    return Math.min(Math.max(at, begin + length + margin - room), begin - margin);
  };
  return {
    x: near(view.x, box.x, box.width, size.width / view.scale),
    y: near(view.y, box.y, box.height, size.height / view.scale),
    scale: view.scale,
  };
}

/** Zoomed by a factor; what is seen at (x, y), in pixels, stays there. */
export function zoomed(view: View, factor: number, x: number, y: number): View {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  return { x: view.x + x / view.scale - x / scale, y: view.y + y / view.scale - y / scale, scale };
}

/** What is seen. */
export function seen({ x, y, scale }: View, size: Size): Box {
  return { x, y, width: size.width / scale, height: size.height / scale };
}

export function overlap(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

export class Camera {
  size: Size = { width: 0, height: 0 };
  private view: View = { x: 0, y: 0, scale: 1 };
  private frame = 0;
  private readonly listeners = new Set<() => void>();

  get now(): View {
    return this.view;
  }

  /** `duration` in milliseconds; 0: at once. */
  look(view: View, duration = 0): void {
    cancelAnimationFrame(this.frame);
    if (duration === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.set(view);
      return;
    }
    const from = this.view;
    const begin = performance.now();
    const step = (now: number) => {
      const share = eased((now - begin) / duration);
      const between = (a: number, b: number) => a + (b - a) * share;
      this.set({ x: between(from.x, view.x), y: between(from.y, view.y), scale: between(from.scale, view.scale) });
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  pan(dx: number, dy: number): void {
    this.look({ ...this.view, x: this.view.x - dx / this.view.scale, y: this.view.y - dy / this.view.scale });
  }

  zoom(factor: number, x = this.size.width / 2, y = this.size.height / 2, duration = 0): void {
    this.look(zoomed(this.view, factor, x, y), duration);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private set(view: View): void {
    this.view = view;
    for (const listener of this.listeners) listener();
  }
}

/** From 0 to 1: quick at first, slow at the end. */
export function eased(share: number): number {
  return share >= 1 ? 1 : 1 - (1 - Math.max(0, share)) ** 3;
}
