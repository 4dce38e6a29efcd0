import { describe, expect, it } from "vitest";
import { centred, firstView, READABLE, roomOf, seen, showing, whole, zoomed } from "./camera";
import type { Box } from "./layout/layoutTypes";

const SIZE = { width: 960, height: 600 };
const box = (x: number, y: number, width = 100, height = 40) => ({ x, y, width, height });

const right = (bounds: Box) => ({ bounds, direction: "right" as const });

describe("the first view", () => {
  it("is all of a small graph, no larger than life", () => {
    const bounds = box(0, -20, 400, 100);
    expect(firstView(right(bounds), SIZE, null)).toEqual(whole(bounds, SIZE));
    expect(whole(bounds, SIZE).scale).toBe(1);
  });

  it("has what matters in the middle, in letters that are read, where all of it is too much", () => {
    const view = firstView(right(box(0, 0, 9_000, 9_000)), SIZE, box(4_000, 4_000));
    expect(view).toEqual(centred(box(4_000, 4_000), SIZE, READABLE));
  });

  it("shows no more emptiness beyond the graph than a margin", () => {
    const { x, y } = firstView(right(box(0, 0, 9_000, 9_000)), SIZE, box(0, 0));
    expect([x, y].map((at) => Math.round(at * READABLE))).toEqual([-28, -28]);
  });
});

describe("the first view of a graph that grows", () => {
  const bounds = box(0, 0, 300, 40);

  it("begins at the edge that it grows away from", () => {
    const view = firstView(right(bounds), SIZE, null, true);
    expect(view).toEqual({ ...whole(bounds, SIZE), x: -28 });
  });

  it("begins at the top where it grows down, and ends above the tools", () => {
    const down = { bounds: box(0, 0, 120, 480), direction: "down" as const };
    expect(firstView(down, SIZE, null, true).y).toBe(-28);
    const view = seen(firstView(down, SIZE, null), roomOf(down, SIZE));
    expect(view.y + view.height).toBeGreaterThan(480);
  });

  it("has what matters in the middle once it is too large for that", () => {
    const large = right(box(0, 0, 9_000, 40));
    expect(firstView(large, SIZE, box(4_000, 0), true)).toEqual(firstView(large, SIZE, box(4_000, 0)));
  });
});

describe("the camera", () => {
  it("keeps what is under the pointer where it is", () => {
    const view = { x: 10, y: 20, scale: 0.5 };
    const next = zoomed(view, 1.5, 300, 200);
    expect(next.x + 300 / next.scale).toBeCloseTo(10 + 600);
    expect(next.y + 200 / next.scale).toBeCloseTo(20 + 400);
  });

  it("does not move for what is in sight, and no further than it must for what is not", () => {
    const view = { x: 0, y: 0, scale: 1 };
    expect(showing(view, box(400, 300), SIZE)).toEqual(view);
    expect(showing(view, box(1_000, 300), SIZE)).toEqual({ x: 1_100 + 28 - 960, y: 0, scale: 1 });
  });

  it("shows all of a box of any size in its place", () => {
    const { x, y, width, height } = seen(whole(box(-500, 40, 20_000, 3_000), SIZE), SIZE);
    expect(x).toBeLessThanOrEqual(-500);
    expect(y).toBeLessThanOrEqual(40);
    expect(x + width).toBeGreaterThanOrEqual(19_500);
    expect(y + height).toBeGreaterThanOrEqual(3_040);
  });
});
