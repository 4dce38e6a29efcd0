import { describe, expect, it } from "vitest";
import type { Value } from "@/values/place";
import { usersText } from "./artifactColumns";
import { kindOf, withKind } from "./artifactRows";
import { type ArtifactLine, columnStat, historyFilter, ofPlace, pathOf, pointsOf, statsOf } from "./historyPoints";

function line(id: number, of: string, value: Partial<Value>): ArtifactLine {
  const none = { digest: "", unstable: "", length: null, shape: null, dtype: null, schema: null };
  const [flow, number, step = ""] = of.split("/");
  const whole = { type: "int", text: "", size_bytes: 8, ...none, ...value };
  return {
    id,
    of,
    run: `${flow}/${number}`,
    step,
    began_at: null,
    origin: "",
    value: whole,
    used_by: [],
    used_partial: false,
  };
}

describe("a filter's kind", () => {
  it("is read and changed, and the rest of it stays", () => {
    expect(kindOf("flow:a kind:table size>1MB")).toBe("table");
    expect(withKind("flow:a kind:table size>1MB", "array")).toBe("flow:a size>1MB kind:array");
    expect(withKind("kind:table", "")).toBe("");
    expect(kindOf("-kind:table")).toBe("");
  });
});

describe("who was given a result", () => {
  it("is told by steps, and how many of their tasks", () => {
    const used_by = [
      { step: "train", tasks: 6 },
      { step: "report", tasks: 1 },
    ];
    expect(usersText({ used_by, used_partial: false })).toBe("train ×6, report");
    expect(usersText({ used_by: [], used_partial: true })).toBe("and maybe more");
    expect(usersText({ used_by: [], used_partial: false })).toBe("");
  });
});

describe("a result over runs", () => {
  it("is found at the same place in each run, the oldest first", () => {
    const { filter, end } = historyFilter("my flow/10/a/b/load/1");
    expect(filter).toBe('flow:"my flow" step:a/b/load a/b/load/1');
    const lines = [line(9, "f/10/load/1", {}), line(7, "f/2/load/11", {}), line(3, "f/1/load/1", {})];
    expect(ofPlace(lines, historyFilter("f/1/load/1").end).map((one) => one.of)).toEqual(["f/1/load/1", "f/10/load/1"]);
    expect(end).toBe("/a/b/load/1");
  });

  it("has the numbers that its previews tell", () => {
    const ids = (lines: ArtifactLine[]) => statsOf(lines).map((stat) => stat.id);
    expect(ids([line(1, "f/1/a/1", { text: "0.5" })])).toEqual(["value", "size"]);
    expect(ids([line(1, "f/1/a/1", { text: "3 rows", shape: [3, 2] })])).toEqual(["rows", "size"]);
    expect(ids([line(1, "f/1/a/1", { type: "str", text: "7", length: 1 })])).toEqual(["length", "size"]);
  });

  it("has those of a column where they are asked for", () => {
    const stats = {
      nulls: 2,
      mean: "inf",
      min: null,
      quantiles: [
        [0.25, 1],
        [0.5, 3],
      ],
    } as never;
    expect([columnStat(stats, "nulls"), columnStat(stats, "mean"), columnStat(stats, "min")]).toEqual([
      2,
      Infinity,
      null,
    ]);
    expect([columnStat(stats, "median"), columnStat(undefined, "mean")]).toEqual([3, null]);
  });

  it("is a line that has gaps where there is no number", () => {
    const points = pointsOf([1, null, 3, Number.NaN, 2], 10, 100, 10);
    expect(points.map((point) => point?.y ?? null)).toEqual([90, null, 10, null, 50]);
    expect(pathOf(points)).toBe("M5 90M25 10M45 50");
    expect(pointsOf([4, 4], 10, 100, 10).map((point) => point?.y)).toEqual([50, 50]);
    expect(pointsOf([null], 10, 100, 10)).toEqual([null]);
  });
});
