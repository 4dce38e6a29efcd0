import { describe, expect, it } from "vitest";
import { linkedCursors } from "./linkedCursors";

const curve = { xs: [0, 10, 20], ys: [1, 1, 1], times: [100, 105, 130], count: 3, thinned: false, nonfinite: 0 };

describe("linkedCursors", () => {
  it("has the step that was logged at a time, and the time of a step", () => {
    const { time, step } = linkedCursors(() => curve);
    const seen: (number | null)[] = [];
    time.on((x) => seen.push(x), seen);
    step.set(11, {});
    expect([time.x, step.x]).toEqual([105, 11]);
    time.set(128, {});
    expect(step.x).toBe(20);
    step.set(null, {});
    expect(time.x).toBeNull();
    expect(seen).toEqual([105, 128, null]);
  });

  it("says nothing where there is no curve", () => {
    const { time, step } = linkedCursors(() => null);
    step.set(3, {});
    expect(time.x).toBeNull();
  });
});
