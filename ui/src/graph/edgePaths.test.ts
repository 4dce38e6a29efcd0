import { describe, expect, it } from "vitest";
import { arc, edgePaths, pieces } from "./edgePaths";

const told = (points: number[], direction: "right" | "down" = "right") => {
  const into = new Set<string>();
  pieces(points, direction, into);
  return [...into];
};

describe("the lines of a graph", () => {
  it("are straight through a layer and curved between two", () => {
    expect(told([100, 20, 120, 20, 160, 60])).toEqual(["M100 20L120 20", "M120 20C140 20 140 60 160 60"]);
    expect(told([20, 100, 20, 120, 60, 160], "down")).toEqual(["M20 100L20 120", "M20 120C20 140 60 140 60 160"]);
  });

  it("leave out what has no length, and curve nothing that is straight", () => {
    expect(told([100, 20, 100, 20, 160, 20])).toEqual(["M100 20L160 20"]);
  });

  it("are drawn once where they run together", () => {
    const edge = (target: string, end: number) => ({
      source: "a",
      target,
      points: [100, 20, 120, 20, 160, end],
      isBack: false,
    });
    const { plain } = edgePaths([edge("b", 0), edge("c", 40)], {}, "right", () => "plain");
    expect(plain.match(/L120 20/g)).toHaveLength(1);
    expect(plain.match(/C/g)).toHaveLength(2);
  });

  it("go back below what they go back past, with a head", () => {
    const boxes = { a: { x: 0, y: 0, width: 100, height: 40 }, b: { x: 140, y: 0, width: 100, height: 40 } };
    const path = arc(boxes.b, boxes.a, "right");
    expect(path.startsWith("M190 40")).toBe(true);
    const found = edgePaths([{ source: "b", target: "a", points: [], isBack: true }], boxes, "right", () => "plain");
    expect([found.back, found.plain]).toEqual([path, ""]);
  });
});
