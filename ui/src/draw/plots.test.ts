import { describe, expect, it } from "vitest";
import { axisOf } from "./axes";
import { acrossOf, isChosen, nearestLine, type ParallelModel, placeAt, scalesOf } from "./parallel";
import { nearestPoint, pixelOf, type ScatterModel } from "./scatter";

describe("an axis", () => {
  it("has a place for each number, and none for what is missing", () => {
    const axis = axisOf([0, 5, 10, null]);
    expect([0, 5, 10, null].map(axis.place)).toEqual([0, 0.5, 1, Number.NaN]);
    expect(axis.at(0.5)).toBe(5);
    const log = axisOf([0.01, 1, 100], true);
    expect(log.place(1)).toBeCloseTo(0.5);
    expect(log.place(0)).toBeNaN();
  });

  it("has words in order, each in its place", () => {
    const axis = axisOf(["sgd", "adam", 16, "adam"]);
    expect(axis.ticks(9)).toEqual([
      { place: 0, label: "16" },
      { place: 0.5, label: "adam" },
      { place: 1, label: "sgd" },
    ]);
    expect(axis.place("adam")).toBe(0.5);
    expect(axis.at(0.9)).toBe("sgd");
    expect(axisOf(["one"]).place("one")).toBe(0.5);
    expect(axisOf([]).place(3)).not.toBe(0);
  });

  it("names no more words than there is room", () => {
    expect(axisOf(Array.from({ length: 100 }, (_, at) => `w${at}`)).ticks(5).length).toBeLessThanOrEqual(5);
  });
});

describe("a scatter", () => {
  const point = (id: string, x: number | null, y: number) => ({ id, label: id, x, y, place: 0 });
  const points = [point("a", 0, 0), point("b", 10, 10), point("none", null, 3)];
  const model: ScatterModel = { points, x: axisOf([0, 10]), y: axisOf([0, 10]), xName: "x", near: "" };

  it("finds the nearest point, and none far away", () => {
    const pixel = pixelOf(points[1] ?? point("", 0, 0), model, 400, 300) ?? { x: 0, y: 0 };
    expect(nearestPoint(model, { x: pixel.x - 5, y: pixel.y + 5 }, 400, 300)?.id).toBe("b");
    expect(nearestPoint(model, { x: 200, y: 150 }, 400, 300)).toBeNull();
    expect(pixelOf(points[2] ?? point("", 0, 0), model, 400, 300)).toBeNull();
  });
});

describe("parallel coordinates", () => {
  const axes = [
    { id: "depth", label: "depth" },
    { id: "opt", label: "optimizer" },
  ];
  const lines = [
    { id: "1", label: "digits/1", place: 0, values: [2, "sgd"] },
    { id: "2", label: "digits/2", place: 1, values: [8, "adam"] },
    { id: "3", label: "digits/3", place: 2, values: [null, "sgd"] },
  ];
  const scales = scalesOf(axes, lines);

  it("choose what goes through each brush", () => {
    const chosen = (brushes: Record<string, [number, number]>) =>
      lines.filter((line) => isChosen(line, axes, scales, brushes)).map((line) => line.id);
    expect(chosen({})).toEqual(["1", "2", "3"]);
    expect(chosen({ opt: [0.6, 1] })).toEqual(["1", "3"]);
    expect(chosen({ opt: [0.6, 1], depth: [0, 1] })).toEqual(["1"]);
    expect(chosen({ depth: [0.9, 0.95] })).toEqual([]);
  });

  it("find the line under the pointer, of those chosen", () => {
    const model: ParallelModel = { axes, scales, lines, brushes: {}, near: "" };
    const [width, height] = [600, 300];
    const x = (3 * acrossOf(0, 2, width) + acrossOf(1, 2, width)) / 4;
    const places = lines.slice(0, 2).map((line) => scales.map((scale, at) => scale.place(line.values[at] ?? null)));
    places.forEach(([a = 0, b = 0], at) => {
      let y = 0;
      while (placeAt(y, height) > (3 * a + b) / 4) y += 1;
      expect(nearestLine(model, x, y, width, height)?.id).toBe(lines[at]?.id);
    });
  });
});
