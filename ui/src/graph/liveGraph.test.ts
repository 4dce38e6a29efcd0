import { describe, expect, it } from "vitest";
import type { FoldedGraph } from "./counts";
import { patchedGraph } from "./liveGraph";

const step = (id: string, counts: Record<string, number> = { done: 1 }, is_open = false) => ({
  id,
  name: id.split("/").at(-1) ?? "",
  kind: is_open ? "flow" : "step",
  counts,
  is_open,
  reused: 0,
  language: "",
});
const edge = (source: string, target: string, is_after = false) => ({ source, target, is_after });
const graph = {
  nodes: [step("load"), step("train", { running: 2 })],
  edges: [edge("load", "train", true)],
  is_partial: false,
} as FoldedGraph;

describe("patchedGraph", () => {
  it("changes counts and leaves every other node the same object", () => {
    const now = patchedGraph(graph, { nodes: [step("train", { running: 1, done: 1 })], edges: [] });
    expect(now?.nodes[0]).toBe(graph.nodes[0]);
    expect(now?.nodes[1]?.counts).toEqual({ running: 1, done: 1 });
    expect(now?.edges).toBe(graph.edges);
  });

  it("puts new nodes at the end", () => {
    const now = patchedGraph(graph, { nodes: [step("score")], edges: [edge("train", "score")] });
    expect(now?.nodes.map(({ id }) => id)).toEqual(["load", "train", "score"]);
    expect(now?.edges.map(({ target }) => target)).toEqual(["train", "score"]);
  });

  it("takes all edges to a node for those that led to it before", () => {
    const now = patchedGraph(graph, { nodes: [], edges: [edge("load", "train")] });
    expect(now?.edges).toEqual([edge("load", "train")]);
  });

  it("knows nothing of folds that are open elsewhere, or here alone", () => {
    expect(patchedGraph(graph, { nodes: [step("train/inner")], edges: [] })).toBeNull();
    expect(patchedGraph(graph, { nodes: [step("train", {}, true)], edges: [] })).toBeNull();
    const open = { ...graph, nodes: [step("load"), step("train", {}, true), step("train/inner")] } as FoldedGraph;
    expect(patchedGraph(open, { nodes: [step("train", {}, false)], edges: [] })).toBeNull();
    expect(patchedGraph(open, { nodes: [step("train/inner", { done: 3 })], edges: [] })).not.toBeNull();
  });
});
