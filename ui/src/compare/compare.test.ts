import { describe, expect, it } from "vitest";
import type { CurveSeries } from "@/draw/series";
import { axesOf, isLog, keptBy, readBrushes, writeBrushes } from "./brushes";
import { banded, byEpoch, sinceBegin, smoothed, valueAt, withSmoothing } from "./compared";
import { bestOf, type Comparison, countOf, itemsOf, letterOf, metricsOf, sharesOf } from "./comparison";

const difference = (kind: string, name: string, numbers: (number | null)[] | null, values: (string | null)[] = []) => ({
  kind,
  name,
  values: numbers?.map((one) => (one === null ? null : String(one))) ?? values,
  numbers,
});
const influence = (name: string, explained: number) => ({
  kind: "parameter",
  name,
  explained,
  chance: 0,
  how: "larger is better",
  runs: 3,
  alike: [],
});
const comparison: Comparison = {
  runs: [],
  differences: [
    difference("parameter", "depth", [2, 4, 8]),
    difference("parameter", "rate", [0.1, 0.2, 0.1]),
    difference("package", "numpy", null, ["1", "2", "2"]),
    difference("metric", "loss", [0.5, 0.2, 0.4]),
    difference("metric", "accuracy", [0.8, null, 0.9]),
  ],
  same: { parameter: ["seed"], package: ["click", "rich"] },
  code: [],
  metric: {
    name: "accuracy",
    values: [],
    best: "",
    worst: "",
    is_minimized: false,
    influences: [influence("rate", 0.7), influence("depth", 0.2)],
    note: "",
  },
  notes: [],
};

describe("a comparison", () => {
  it("is read from the metric on, then by what explains it", () => {
    const items = itemsOf(comparison);
    expect(items.map(({ name }) => name)).toEqual(["accuracy", "loss", "rate", "depth", "numpy"]);
    expect([...(items[0]?.best ?? [])]).toEqual([2]);
    expect([...(items[1]?.best ?? [])]).toEqual([1]);
    expect(items[4]?.shares).toBeNull();
  });

  it("counts what differs, and names the metrics that most runs have first", () => {
    expect(countOf(comparison)).toEqual({ differ: 5, all: 8 });
    expect(metricsOf(comparison)).toEqual(["loss", "accuracy"]);
  });

  it("has no best of one, and several where they are equal", () => {
    expect([...bestOf([1, null, null], false)]).toEqual([]);
    expect([...bestOf([1, 3, 3], false)]).toEqual([1, 2]);
    expect(sharesOf([2, null, 6, 4])).toEqual([0, null, 1, 0.5]);
    expect(sharesOf([2, 2])).toEqual([1, 1]);
  });

  it("calls runs by letters", () => {
    expect([0, 25, 26, 49].map(letterOf)).toEqual(["A", "Z", "AA", "AX"]);
  });
});

describe("brushes", () => {
  const items = itemsOf({
    ...comparison,
    differences: [
      difference("parameter", "a=b;c", [0, 50, 100]),
      difference("parameter", "kind", null, ["x", "y", null]),
    ],
  });
  const runs = ["r/1", "r/2", "r/3"].map((id) => ({ id }));

  it("stand in the address as they are", () => {
    const brushes = { "a=b;c": [0.25, 1], "100%": [0, 0.5] } as const;
    expect(readBrushes(writeBrushes(brushes))).toEqual(brushes);
    expect(readBrushes("")).toEqual({});
    expect(readBrushes("odd;%E0=0..1;x=2;y=1..0")).toEqual({ "%E0": [0, 1] });
  });

  it("keep the runs that go through all of them", () => {
    expect([...keptBy({}, items, runs)]).toEqual([0, 1, 2]);
    expect([...keptBy({ "a=b;c": [0.4, 1] }, items, runs)]).toEqual([1, 2]);
    expect([...keptBy({ "a=b;c": [0.4, 1], kind: [0, 1] }, items, runs)]).toEqual([1]);
    expect([...keptBy({ elsewhere: [0, 0] }, items, runs)]).toEqual([0, 1, 2]);
  });

  it("are along axes of which the metric is the last, by logarithms where they span much", () => {
    expect(axesOf(itemsOf(comparison), "loss").map(({ name }) => name)).toEqual(["rate", "depth", "loss"]);
    expect(isLog({ numbers: [0.001, 0.1, null] })).toBe(true);
    expect(isLog({ numbers: [0, 100] })).toBe(false);
    expect(isLog({ numbers: null })).toBe(false);
  });
});

describe("curves", () => {
  const one: CurveSeries = { id: "a", label: "a", xs: [10, 12, 14], ys: [1, 3, 5], place: 0 };
  const other: CurveSeries = { id: "b", label: "b", xs: [12, 16], ys: [1, 9], place: 1 };

  it("are smoothed without a pull towards 0, and gaps stay", () => {
    expect([...smoothed([5, 5, 5], 0.9)].map((y) => Math.round(y * 1e9) / 1e9)).toEqual([5, 5, 5]);
    expect([...smoothed([1, Number.NaN, 3], 0.5)]).toEqual([1, Number.NaN, (0.25 * 1 + 0.5 * 3) / 0.75]);
    expect([...smoothed([1, 2], 0)]).toEqual([1, 2]);
    expect(withSmoothing([one], 0)).toEqual([one]);
    expect(withSmoothing([one], 0.5).map(({ faint }) => faint ?? false)).toEqual([true, false]);
  });

  it("begin at 0 where they are seen by time, those of one run together", () => {
    expect(sinceBegin([one, other], () => "run").map(({ xs }) => xs[0])).toEqual([0, 2]);
    expect(sinceBegin([one, other], ({ id }) => id).map(({ xs }) => xs[0])).toEqual([0, 0]);
  });

  it("are seen by the epochs that their task tells", () => {
    const epochs = new Map([["a", { ...one, ys: [0, 1, 2] }]]);
    expect(byEpoch([one, other], epochs, ({ id }) => id).map(({ xs }) => xs)).toEqual([[0, 1, 2]]);
  });

  it("are joined to a band where there is any of them", () => {
    expect([valueAt(one, 9), valueAt(one, 13), valueAt(one, 99)]).toEqual([1, 4, 5]);
    const band = banded([one, other], "both", "both", 3);
    expect(band.xs).toEqual([10, 12, 14, 16]);
    expect(band.ys).toEqual([1, 2, 5, 9]);
    expect(band.band?.low).toEqual([1, 1, 5, 9]);
    expect(band.band?.high).toEqual([1, 3, 5, 9]);
  });
});
