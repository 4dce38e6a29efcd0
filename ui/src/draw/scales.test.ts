import { describe, expect, it } from "vitest";
import { extent, grown, linear, logarithmic, niceStep, rounded, roundedLog, type Span } from "./scales";

const spans: Span[] = [
  [0, 1],
  [-3.7, 12.2],
  [1e-9, 3e-9],
  [1e12, 1e12 + 5],
  [0.001, 40_000],
];

describe("scales", () => {
  it("come back from a pixel to the value", () => {
    for (const span of spans) {
      const scale = linear(span, [10, 400]);
      for (const pixel of [10, 57, 400]) expect(scale.to(scale.from(pixel))).toBeCloseTo(pixel, 2);
    }
    const log = logarithmic([0.001, 1000], [300, 0]);
    expect(log.to(1)).toBeCloseTo(150);
    expect(log.from(0)).toBeCloseTo(1000);
    expect(log.to(0)).toBeNaN();
    expect(log.to(-1)).toBeNaN();
  });

  it("take what is not finite for nothing", () => {
    expect(extent([Number.NaN, 3, Number.POSITIVE_INFINITY, -2])).toEqual([-2, 3]);
    expect(extent([-1, 0, 4, 2], true)).toEqual([2, 4]);
    expect(extent([Number.NaN])).toBeNull();
  });

  it("round outwards, to steps of 1, 2 or 5", () => {
    for (const [low, high] of spans) {
      const [from, to] = rounded([low, high]);
      expect(from).toBeLessThanOrEqual(low);
      expect(to).toBeGreaterThanOrEqual(high);
      expect(to - from).toBeLessThan((high - low) * 2);
    }
    expect(rounded([0.13, 0.87])).toEqual([0, 1]);
    expect(rounded([5, 5])[0]).toBeLessThan(5);
    expect(roundedLog([0.13, 8])).toEqual([0.1, 10]);
    expect(roundedLog([3, 30])).toEqual([2, 50]);
    expect([0.3, 1, 1.2, 4.9, 7].map(niceStep)).toEqual([0.5, 1, 2, 5, 10]);
  });

  it("grow by a step, and stand still in between", () => {
    let shown = grown(null, [0, 100]);
    let moved = 0;
    for (let end = 100; end < 10_000; end += 1) {
      const next = grown(shown, [0, end]);
      expect(next[1]).toBeGreaterThanOrEqual(end);
      if (next[1] !== shown[1]) moved += 1;
      shown = next;
    }
    expect(moved).toBeLessThan(25);
  });
});
