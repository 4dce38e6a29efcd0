import { describe, expect, it } from "vitest";
import {
  type Bar,
  barAt,
  type LaneBar,
  lanesOf,
  memoryOf,
  mostHeld,
  rowOf,
  type Timeline,
  within,
  zoomed,
} from "./timelineLanes";

const bar = (start: number, end: number, more: Partial<Bar> = {}): Bar => {
  return {
    start,
    end,
    tasks: 1,
    failed: 0,
    peak_bytes: 0,
    limit_bytes: 0,
    limit_share: 0,
    is_running: false,
    step: "fit",
    task: `fit/${start}`,
    ...more,
  };
};

const timeline = (lanes: Record<string, Bar[]>, steps: string[] = []): Timeline => ({
  origin: "2026-03-01T12:00:00Z",
  start: 0,
  end: 100,
  lanes: Object.entries(lanes).map(([name, bars]) => ({ name, bars })),
  steps: steps.map((name) => ({ name, reused: 0 })),
  busy: [],
  is_partial: false,
});

describe("memory", () => {
  const GIB = 2 ** 30;

  it("is measured by the limit of a task, and by the most that any held where it has none", () => {
    const near = bar(0, 1, { peak_bytes: 1.9 * GIB, limit_bytes: 2 * GIB, limit_share: 0.95 });
    const free = bar(1, 2, { peak_bytes: GIB });
    const most = mostHeld(lanesOf(timeline({ a: [near, free] })));
    expect(most).toBe(1.9 * GIB);
    expect(memoryOf(near as LaneBar, most)).toEqual({ share: 0.95, isOfLimit: true });
    expect(memoryOf(free as LaneBar, most)).toEqual({ share: 1 / 1.9, isOfLimit: false });
  });

  it("of several tasks is that which came closest to its limit, and never more than all of it", () => {
    const several = bar(0, 1, { tasks: 3, peak_bytes: GIB, limit_share: 1.05 });
    expect(memoryOf(several as LaneBar, GIB)).toEqual({ share: 1, isOfLimit: true });
    const running = bar(0, 1, { limit_bytes: GIB, is_running: true });
    expect(memoryOf(running as LaneBar, GIB)).toEqual({ share: 0, isOfLimit: true });
    expect(memoryOf(bar(0, 1) as LaneBar, 0)).toEqual({ share: 0, isOfLimit: false });
  });
});

describe("lanes", () => {
  it("stand in the order of numbers in names, and of the calls of steps", () => {
    const workers = lanesOf(timeline({ "w-10": [bar(0, 1)], "w-2": [bar(0, 1)], "w-1": [bar(0, 1)] }));
    expect(workers.map((lane) => lane.name)).toEqual(["w-1", "w-2", "w-10"]);
    const steps = lanesOf(timeline({ clean: [bar(0, 1)], load: [bar(0, 1)] }, ["load", "clean"]));
    expect(steps.map((lane) => lane.name)).toEqual(["load", "clean"]);
  });

  it("stand one below another, without a gap and without an overlap", () => {
    const lanes = lanesOf(timeline({ a: [bar(0, 9), bar(1, 9), bar(2, 9)], b: [bar(0, 1)], c: [] }));
    let top = 0;
    for (const lane of lanes) {
      expect(lane.top).toBe(top);
      top += lane.height;
      for (let row = 0; row < lane.rows; row += 1) {
        const [begin, tall] = rowOf(lane, row);
        expect(begin).toBeGreaterThanOrEqual(0);
        expect(begin + tall).toBeLessThanOrEqual(lane.height);
      }
    }
  });

  it("have rows in which no two tasks overlap, and no more than it takes", () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 50; round += 1) {
      const bars = Array.from({ length: 20 }, () => random() * 50).map((start) => bar(start, start + random() * 9));
      const [lane] = lanesOf(timeline({ a: bars }));
      const placed = lane?.bars ?? [];
      for (const one of placed) {
        const beside = placed.filter((other) => other !== one && other.row === one.row);
        expect(beside.every((other) => other.end <= one.start + 1e-6 || other.start >= one.end - 1e-6)).toBe(true);
      }
      const most = Math.max(
        ...placed.map(({ start }) => placed.filter((o) => o.start <= start && o.end > start).length),
      );
      expect(lane?.rows).toBe(most);
    }
  });

  it("have what stands for several tasks in one row, each up to the next", () => {
    const [lane] = lanesOf(
      timeline({ a: [bar(0, 3, { tasks: 8 }), bar(1, 4, { tasks: 9 }), bar(2, 5, { tasks: 2 })] }),
    );
    expect(lane?.bars.map(({ row, end }) => [row, end])).toEqual([
      [0, 1],
      [0, 2],
      [0, 5],
    ]);
  });

  it("say which bar is at a place, and which is the nearest within reach", () => {
    const lanes = lanesOf(timeline({ a: [bar(0, 1), bar(2, 3)], b: [bar(5, 6)] }));
    const at = (y: number, seconds: number) => barAt(lanes, y, seconds, 0.5)?.bar.start;
    const second = (lanes[1]?.top ?? 0) + 9;
    expect([at(9, 0.5), at(9, 1.4), at(9, 1.6), at(9, 4)]).toEqual([0, 0, 2, undefined]);
    expect([at(second, 5.5), at(second, 0.5), at(-4, 0.5), at(9999, 5.5)]).toEqual([
      5,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("zooming", () => {
  it("keeps the time under the pointer where it is", () => {
    const next = zoomed([20, 60], 0.5, 30, [0, 100]);
    expect(next).toEqual([25, 45]);
    expect((30 - next[0]) / (next[1] - next[0])).toBe((30 - 20) / (60 - 20));
  });

  it("stays within the run, and comes to all of it", () => {
    expect(zoomed([0, 10], 4, 2, [0, 100])).toEqual([0, 40]);
    expect(zoomed([0, 80], 4, 2, [0, 100])).toEqual([0, 100]);
    expect(within([90, 130], [0, 100])).toEqual([60, 100]);
    const [from, to] = zoomed([1, 1.001], 0.1, 1, [0, 100]);
    expect(to - from).toBeCloseTo(0.001, 6);
  });
});
