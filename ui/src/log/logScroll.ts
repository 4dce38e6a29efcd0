/** Where the lines of a log stand in a window that scrolls. Pure.
 *
 * A browser can't scroll beyond some 17 million pixels: a longer log has a scroll bar that goes over all of it, and its
 * wheel moves by lines. What stands at a share of the bar stands at the same share of the window: so lines that are
 * wrapped, and therefore higher, need not be measured but for those in sight. */

export const LINE_PX = 19;
export const MOST_SCROLLED = 500_000;
const OVERSCAN = 12;

export interface LogExtent {
  count: number;
  /** Pixels of the window. */
  height: number;
}

export interface Shown {
  /** Numbers of the first and the last line that are drawn. */
  first: number;
  last: number;
  /** A place in the log, in lines: 2.5 is the middle of the third. */
  anchor: number;
  /** Where in the window that place stands, in pixels. */
  y: number;
}

/** Pixels of what is scrolled. */
export function scrolledPx({ count }: LogExtent): number {
  return Math.min(count, MOST_SCROLLED) * LINE_PX;
}

export function isTall({ count }: LogExtent): boolean {
  return count > MOST_SCROLLED;
}

/** The lines that are drawn where the window is scrolled to `top`. */
export function shownAt(extent: LogExtent, top: number): Shown {
  const share = shareOf(extent, top);
  const anchor = share * extent.count;
  const y = share * Math.min(extent.height, extent.count * LINE_PX);
  const first = Math.max(1, Math.floor(anchor - y / LINE_PX) + 1 - OVERSCAN);
  const last = Math.min(extent.count, Math.ceil(anchor + (extent.height - y) / LINE_PX) + OVERSCAN);
  return { first, last, anchor, y };
}

/** Where to scroll so that a line stands at a share of the window: 0 at its top, 1 at its end. */
export function topOf(extent: LogExtent, number: number, share = 0.4): number {
  const room = Math.max(0, extent.height - LINE_PX);
  return topAt(extent, (number - 1) * LINE_PX - share * room);
}

/** Where the window has to be scrolled to, for so many pixels of lines that are not wrapped to stand above it. */
export function topAt(extent: LogExtent, px: number): number {
  const lines = Math.max(1, extent.count * LINE_PX - extent.height);
  return (Math.min(Math.max(px, 0), lines) / lines) * range(extent);
}

/** The pixels of lines above the window, for where it is scrolled to. */
export function pxAbove(extent: LogExtent, top: number): number {
  return shareOf(extent, top) * Math.max(0, extent.count * LINE_PX - extent.height);
}

export function isAtEnd(extent: LogExtent, top: number): boolean {
  return range(extent) - top < 2;
}

function range(extent: LogExtent): number {
  return Math.max(0, scrolledPx(extent) - extent.height);
}

function shareOf(extent: LogExtent, top: number): number {
  const most = range(extent);
  return most === 0 ? 0 : Math.min(1, Math.max(0, top / most));
}
