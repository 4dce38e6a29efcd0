import { describe, expect, it } from "vitest";
import type { Span } from "./scales";
import { durationTicks, logTicks, numberTicks, plain, type Ticks, timeTicks } from "./ticks";

const labels = (ticks: Ticks, span: Span, count = 5) => ticks(span, count).map((tick) => tick.label);

describe("ticks", () => {
  it("lie within the span, apart by one step, and are told apart by their labels", () => {
    const spans: Span[] = [
      [0, 1],
      [-0.3, 0.7],
      [12, 99_000],
      [1e-7, 9e-7],
      [999_990, 1_000_010],
    ];
    for (const span of spans) {
      for (const count of [2, 5, 9]) {
        const found = numberTicks(span, count);
        expect(found.length).toBeGreaterThan(0);
        expect(found.length).toBeLessThanOrEqual(count + 1);
        for (const { value } of found) {
          expect(value).toBeGreaterThanOrEqual(span[0] - 1e-9);
          expect(value).toBeLessThanOrEqual(span[1] + 1e-9);
        }
        expect(new Set(found.map((tick) => tick.label)).size).toBe(found.length);
      }
    }
  });

  it("read as a person would write them", () => {
    expect(labels(numberTicks, [0, 100_000])).toEqual(["0", "20k", "40k", "60k", "80k", "100k"]);
    expect(labels(numberTicks, [0, 0.3], 3)).toEqual(["0", "0.1", "0.2", "0.3"]);
    expect(labels(numberTicks, [0, 0.0004], 4)).toEqual(["0", "1e-4", "2e-4", "3e-4", "4e-4"]);
    expect(labels(logTicks, [0.1, 1000]).filter(Boolean)).toEqual(["0.1", "1", "10", "100", "1000"]);
    expect(labels(logTicks, [1, 40]).filter(Boolean)).toEqual(["1", "2", "5", "10", "20"]);
    expect(labels(durationTicks, [0, 25])).toEqual(["0 s", "5 s", "10 s", "15 s", "20 s", "25 s"]);
    expect(labels(durationTicks, [115, 132], 4)).toEqual(["1:55", "2:00", "2:05", "2:10"]);
    expect(labels(durationTicks, [0, 7200], 4)).toEqual(["0:00:00", "0:30:00", "1:00:00", "1:30:00", "2:00:00"]);
    expect(plain(0.25)).toBe("0.25");
    expect(plain(1_500_000)).toBe("1.5M");
  });

  it("stand on round times of the reader's clock", () => {
    const noon = new Date(2026, 2, 1, 12, 0, 0).getTime() / 1000;
    expect(labels(timeTicks, [noon, noon + 3600], 4)).toEqual(["12:00", "12:15", "12:30", "12:45", "13:00"]);
    expect(labels(timeTicks, [noon, noon + 20], 2)).toEqual(["12:00:00", "12:00:10", "12:00:20"]);
    expect(labels(timeTicks, [noon - 86_400, noon + 86_400], 2)).toEqual(["1 Mar", "2 Mar"]);
  });
});
