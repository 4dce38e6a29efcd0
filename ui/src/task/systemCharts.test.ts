import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/types";
import { systemCharts } from "./systemCharts";

const MIB = 2 ** 20;

function curve(name: string, ys: number[]): Schemas["CurveInfo"] {
  const xs = ys.map((_, at) => 100 + at);
  const rest = { nonfinite: 0, thinned: false, cursor: "", anew: false, times: [] };
  return { task: "digits/1/train/1", name, x: "time", xs, ys, count: ys.length, ...rest };
}

describe("charts of what an attempt used", () => {
  const rows = [curve("system/cpu", [1, 2]), curve("system/memory", [100 * MIB, 300 * MIB])];

  it("count bytes in the unit that fits", () => {
    expect(systemCharts(rows).map(({ title }) => title)).toEqual(["Processors", "Memory, MiB"]);
    expect(systemCharts(rows)[1]?.series[0]?.ys).toEqual([100, 300]);
  });

  it("show the limit of memory where it is near", () => {
    const [, near] = systemCharts(rows, 1024 * MIB);
    expect(near?.title).toBe("Memory, GiB");
    expect(near?.series[1]).toMatchObject({ label: "limit", xs: [100, 101], ys: [1, 1], count: 0 });
    expect(systemCharts(rows, 2048 * MIB)[1]?.series).toHaveLength(1);
    expect(systemCharts(rows, 0)[1]?.series).toHaveLength(1);
    expect(systemCharts([curve("system/memory", [])], MIB)[0]?.series).toHaveLength(1);
  });
});
