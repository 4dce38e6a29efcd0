import { describe, expect, it } from "vitest";
import { isAtEnd, LINE_PX, MOST_SCROLLED, pxAbove, scrolledPx, shownAt, topAt, topOf } from "./logScroll";

const counts = [0, 1, 20, 1_000, MOST_SCROLLED, 10_000_000];
const heights = [19, 353, 1_000];
const extents = counts.flatMap((count) => heights.map((height) => ({ count, height })));

describe("the window over a log", () => {
  it.each(extents)("is never higher than a browser can scroll, and shows lines that there are: %o", (extent) => {
    const most = Math.max(0, scrolledPx(extent) - extent.height);
    expect(scrolledPx(extent)).toBeLessThan(10_000_000);
    for (const share of [0, 0.1, 0.5, 0.999, 1]) {
      const { first, last, anchor, y } = shownAt(extent, share * most);
      expect(first).toBeGreaterThanOrEqual(1);
      expect(last).toBeLessThanOrEqual(extent.count);
      expect(last - first).toBeLessThan(extent.height / LINE_PX + 30);
      expect(anchor).toBeLessThanOrEqual(extent.count);
      expect(y).toBeLessThanOrEqual(extent.height);
    }
  });

  it("places lines as a plain list does where it is not tall", () => {
    const extent = { count: 1_000, height: 353 };
    for (const top of [0, 7, 1_000, 18_647]) {
      const { anchor, y } = shownAt(extent, top);
      expect(anchor * LINE_PX - y).toBeCloseTo(top, 6);
    }
  });

  it.each(extents)("goes to any line: %o", (extent) => {
    for (const number of [1, Math.ceil(extent.count / 3), extent.count].filter((one) => one > 0)) {
      const { anchor, y } = shownAt(extent, topOf(extent, number));
      const px = y + (number - 1 - anchor) * LINE_PX;
      expect(px).toBeGreaterThan(-0.01);
      expect(px + LINE_PX).toBeLessThan(Math.max(extent.height, LINE_PX) + 0.01);
    }
  });

  it("moves a tall log by lines, not by shares of its bar", () => {
    const extent = { count: 10_000_000, height: 353 };
    const top = topOf(extent, 5_000_000);
    const moved = topAt(extent, pxAbove(extent, top) + 3 * LINE_PX);
    expect(shownAt(extent, moved).first - shownAt(extent, top).first).toBe(3);
    expect(isAtEnd(extent, topAt(extent, Number.POSITIVE_INFINITY))).toBe(true);
    expect(shownAt(extent, topAt(extent, Number.POSITIVE_INFINITY)).last).toBe(10_000_000);
  });
});
