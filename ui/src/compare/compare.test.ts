import { describe, expect, it } from "vitest";
import type { CurveSeries } from "@/draw/series";
import { keptBy, readBrushes, withBrush, writeBrushes } from "./brushes";
import { banded, byEpoch, sinceBegin, smoothed, valueAt, withSmoothing } from "./compared";
import { bestOf, type Comparison, countOf, itemsOf, letterOf, metricsOf, sharesOf } from "./comparison";
import { axisOf } from "./parallelAxes";

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
      difference("parameter", "a=b;c", [1, 2, 3]),
      difference("parameter", "kind", null, ["x.y", "z,", null]),
    ],
  });

  it("stand in the address as they are", () => {
    const brushes = [
      { name: "a=b;c", from: 1.5, to: 3 },
      { name: "kind", values: ["x.y", "z,"] },
    ];
    expect(readBrushes(writeBrushes(brushes))).toEqual(brushes);
    expect(readBrushes("")).toEqual([]);
    expect(readBrushes("odd;%E0=1..2")).toEqual([{ name: "%E0", from: 1, to: 2 }]);
  });

  it("keep the runs for which all of them hold", () => {
    expect([...keptBy([], items, 3)]).toEqual([0, 1, 2]);
    const two = withBrush([], "a=b;c", { name: "a=b;c", from: 1, to: 2 });
    expect([...keptBy(two, items, 3)]).toEqual([0, 1]);
    expect([...keptBy(withBrush(two, "kind", { name: "kind", values: ["z,"] }), items, 3)]).toEqual([1]);
    expect(withBrush(two, "a=b;c", null)).toEqual([]);
    expect([...keptBy([{ name: "elsewhere", values: ["x"] }], items, 3)]).toEqual([0, 1, 2]);
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

describe("an axis of parallel coordinates", () => {
  const show = String;

  it("has numbers by their size, and by their logarithm where they span much", () => {
    const plain = axisOf({ ...itemOf("depth", [2, 4, 8]) }, show);
    expect(plain?.at.map((at) => at && Math.round(at * 100) / 100)).toEqual([0, 0.33, 1]);
    expect(plain?.ticks.map(({ label }) => label)).toEqual(["2", "4", "8"]);
    const wide = axisOf({ ...itemOf("rate", [0.001, 0.1, null]) }, show);
    expect(wide?.at).toEqual([0, 1, null]);
    const half = wide?.within(0, 0.5);
    expect(half && "from" in half && Math.round(half.to * 1e6) / 1e6).toBe(0.01);
    expect(half && wide?.span(half).map((at) => Math.round(at * 100) / 100)).toEqual([0, 0.5]);
  });

  it("has other values one above the other", () => {
    const axis = axisOf({ ...itemOf("kind", null, ["b", "a", null]) }, show);
    expect(axis?.at).toEqual([0.75, 0.25, null]);
    expect(axis?.within(0, 0.4)).toEqual({ values: ["a"] });
    expect(axis?.within(0.4, 0.6)).toBeNull();
    expect(axis?.span({ values: ["a"] })).toEqual([0, 0.5]);
    expect(axisOf(itemOf("text", null, Array.from("abcdefghijklmnop")), show)).toBeNull();
  });
});

function itemOf(name: string, numbers: (number | null)[] | null, values: (string | null)[] = []) {
  const [item] = itemsOf({ ...comparison, differences: [difference("parameter", name, numbers, values)] });
  if (!item) throw new Error("no item");
  return item;
}
