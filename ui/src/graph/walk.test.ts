import { describe, expect, it } from "vitest";
import type { FoldedGraph } from "./counts";
import { layout } from "./layout/layout";
import { failedNodes, focusOf, walked } from "./walk";

const SIZE = { width: 100, height: 40 };
const laid = (direction: "right" | "down") =>
  layout({
    nodes: ["load", "left", "right", "join"].map((id) => ({ id, ...SIZE })),
    edges: [
      { source: "load", target: "left" },
      { source: "load", target: "right" },
      { source: "left", target: "join" },
      { source: "right", target: "join" },
    ],
    direction,
  });

describe("an arrow", () => {
  it("leads along an edge, and beside it to the next of the layer", () => {
    const graph = laid("right");
    expect(["left", "right"]).toContain(walked("load", "Right", graph));
    expect(walked("join", "Right", graph)).toBeNull();
    expect(walked("left", "Right", graph)).toBe("join");
    expect(walked("left", "Left", graph)).toBe("load");
    expect([walked("left", "Down", graph), walked("right", "Up", graph)]).toEqual(["right", "left"]);
  });

  it("leads the same way where the graph runs down", () => {
    const graph = laid("down");
    expect(walked("left", "Down", graph)).toBe("join");
    expect([walked("left", "Right", graph), walked("right", "Left", graph)]).toEqual(["right", "left"]);
  });

  it("leads nowhere from what is not there", () => {
    expect(walked("nothing", "Right", laid("right"))).toBeNull();
  });
});

describe("what is seen first", () => {
  const graph = (counts: Record<string, Record<string, number>>) =>
    ({
      nodes: Object.entries(counts).map(([id, one]) => ({ id, name: id, kind: "step", counts: one })),
      edges: [],
    }) as unknown as FoldedGraph;

  it("is the first failure, else what runs, else the begin", () => {
    expect(focusOf(graph({ a: { done: 1 }, b: { running: 1 }, c: { failed: 1 }, d: { failed: 1 } }))).toBe("c");
    expect(focusOf(graph({ a: { done: 1 }, b: { running: 1 } }))).toBe("b");
    expect(focusOf(graph({ a: { done: 1 }, b: { done: 1 } }))).toBe("a");
    expect(focusOf(graph({}))).toBeNull();
    expect(failedNodes(graph({ a: { failed: 1 }, b: { done: 1 }, c: { failed: 2 } }))).toEqual(["a", "c"]);
  });
});
