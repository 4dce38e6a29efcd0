import { describe, expect, it } from "vitest";
import { barPaths, edgeTicks } from "./bins";
import { fitted } from "./canvas";
import { calmPlace, inkOn, seriesDash } from "./colours";
import { makeCursor } from "./cursor";
import { apart } from "./endLabels";
import { type CurveSeries, extentOf, nearestIndex, noteOf, numberOf, summaryOf } from "./series";
import { showNumber } from "./show";
import { sparkPath } from "./spark";

const series = (xs: number[], ys: number[], more: Partial<CurveSeries> = {}): CurveSeries => {
  return { id: "a", label: "a", place: 0, xs, ys, ...more };
};

describe("series", () => {
  it("find the nearest point, at any x", () => {
    expect([-5, 0, 4, 5.1, 99].map((x) => nearestIndex([0, 10, 20], x))).toEqual([0, 0, 0, 1, 2]);
    expect(nearestIndex([], 3)).toBe(-1);
  });

  it("span what is shown, and the point on either side of it", () => {
    const one = series([0, 1, 2, 3, 4], [100, 5, Number.NaN, 7, -100]);
    expect(extentOf([one], null, false)).toEqual([-100, 100]);
    expect(extentOf([one], [1.5, 2.5], false)).toEqual([5, 7]);
    expect(extentOf([one], null, true)).toEqual([5, 100]);
  });

  it("say what a picture leaves out", () => {
    const many = series([0, 1], [1, 2], { count: 100_000, thinned: true, nonfinite: 3 });
    expect(noteOf([many])).toBe("100,000 points, thinned, 3 not finite");
    expect(noteOf([series([1], [1])])).toBe("1 point");
    expect(summaryOf("loss", [series([0, 1, 2], [3, 1, 2])], showNumber)).toBe(
      "loss: a from 3 to 2, least 1, most 3. 3 points.",
    );
    expect([1.5, "nan", "inf", "-inf"].map((value) => numberOf(value as never))).toEqual([
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});

describe("small drawings", () => {
  it("break a sparkline at what is not finite", () => {
    expect(sparkPath([1, 2, Number.NaN, 2, 1], 41, 10).match(/M/g)?.length).toBe(2);
    expect(sparkPath([5], 40, 10)).toBe("M20 5h0");
    expect(sparkPath([Number.NaN], 40, 10)).toBe("");
  });

  it("name round edges", () => {
    const even = Array.from({ length: 41 }, (_, at) => at * 0.1);
    expect(edgeTicks(even).map((tick) => tick.value)).toEqual([0, 1, 2, 3, 4]);
    const uneven = [0, 0.1, 0.125, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.64, 0.8, 1, 1.25];
    const found = edgeTicks(uneven);
    expect(found.map((tick) => tick.value)).toEqual([0, 0.2, 0.5, 1]);
    expect(found.map((tick) => tick.at)).toEqual([0, 4 / 12, 8 / 12, 11 / 12]);
    expect(edgeTicks([])).toEqual([]);
  });

  it("stack bars up to the tallest", () => {
    const [first = "", second = ""] = barPaths(
      [
        [1, 0],
        [1, 4],
      ],
      0,
    );
    expect(first).toBe("M0 1V0.75h1V1z");
    expect(second).toBe("M0 0.75V0.5h1V0.75zM1 1V0h1V1z");
  });

  it("cut text with an ellipsis, or leave it out", () => {
    const wide = (text: string) => text.length * 10;
    expect(fitted("fit_boost", 90, wide)).toBe("fit_boost");
    expect(fitted("fit_boost", 70, wide)).toBe("fit_bo…");
    expect(fitted("fit_boost", 35, wide)).toBe("");
  });

  it("keep labels apart, in order, and within their height", () => {
    const placed = [...apart([50, 51, 52, 0, 100], 14, 100)].sort((a, b) => a[1] - b[1]);
    expect(placed.map(([at]) => at)).toEqual([3, 0, 1, 2, 4]);
    placed.forEach(([, y], at) => {
      if (at > 0) expect(y - (placed[at - 1]?.[1] ?? 0)).toBeGreaterThanOrEqual(14);
      expect(y).toBeGreaterThanOrEqual(7);
      expect(y).toBeLessThanOrEqual(93);
    });
    expect(
      apart(
        Array.from({ length: 50 }, (_, at) => at),
        14,
        100,
      ).size,
    ).toBe(7);
  });
});

describe("series' colours", () => {
  it("leave out the red one where red means failure", () => {
    const places = Array.from({ length: 15 }, (_, place) => calmPlace(place));
    expect(places.some((place) => place % 8 === 6)).toBe(false);
    expect(new Set(places).size).toBe(15);
  });

  it("are dashed beyond eight", () => {
    const plain = { forced: false } as Parameters<typeof seriesDash>[1];
    expect(seriesDash(7, plain)).toEqual([]);
    expect(seriesDash(8, plain)).not.toEqual([]);
  });

  it("have ink that reads on them", () => {
    expect(inkOn("#fbd92a")).toBe("#101416");
    expect(inkOn("#1245a6")).toBe("#ffffff");
  });
});

describe("a shared cursor", () => {
  it("tells all but whoever moves it", () => {
    const cursor = makeCursor();
    const [mine, yours] = [{}, {}];
    const heard: string[] = [];
    cursor.on((x) => heard.push(`mine ${x}`), mine);
    const leave = cursor.on((x) => heard.push(`yours ${x}`), yours);
    cursor.set(3, mine);
    cursor.set(3, yours);
    leave();
    cursor.set(null, mine);
    expect(heard).toEqual(["yours 3"]);
    expect(cursor.x).toBeNull();
  });
});
