import { describe, expect, it } from "vitest";
import { layout } from "./layout";
import type { Box, GraphEdge, GraphNode, Layout, LayoutQuestion } from "./layoutTypes";

const SIZE = { width: 156, height: 40 };

function graph(...edges: string[]): LayoutQuestion {
  const pairs = edges.map((edge) => edge.split(" ") as [string, string?]);
  const ids = [...new Set(pairs.flat().filter((id) => id !== undefined))];
  return {
    nodes: ids.map((id) => ({ id, ...SIZE })),
    edges: pairs.flatMap(([source, target]) => (target === undefined ? [] : [{ source, target }])),
    direction: "right",
  };
}

/** Numbers from 0 to 1, always the same (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A graph of a run: each node takes results of one to three earlier ones, some lie in open folds, some in folds in these. */
function drawn(seed: number, count: number): LayoutQuestion {
  const next = random(seed);
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (let at = 0; at < count; at++) {
    const folds = nodes.filter(({ isOpen }) => isOpen);
    const parent = next() < 0.4 ? folds[Math.floor(next() * folds.length)]?.id : undefined;
    const id = parent === undefined ? `n${at}` : `${parent}/n${at}`;
    const sources = nodes.filter((node) => !node.isOpen);
    for (let given = Math.floor(next() * 4); given > 0 && sources.length > 0; given--) {
      const source = sources[Math.floor(next() ** 2 * sources.length)];
      if (source) edges.push({ source: source.id, target: id });
    }
    nodes.push({ id, ...SIZE, ...(parent === undefined ? {} : { parent }), isOpen: next() < 0.08 });
  }
  const known = new Set<string>();
  const once = edges.filter(
    ({ source, target }) => !known.has(`${source} ${target}`) && known.add(`${source} ${target}`),
  );
  return { nodes, edges: once, direction: seed % 2 === 0 ? "right" : "down" };
}

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x - 1e-6 &&
    inner.y >= outer.y - 1e-6 &&
    inner.x + inner.width <= outer.x + outer.width + 1e-6 &&
    inner.y + inner.height <= outer.y + outer.height + 1e-6
  );
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.x + one.width > other.x + 1e-6 &&
    other.x + other.width > one.x + 1e-6 &&
    one.y + one.height > other.y + 1e-6 &&
    other.y + other.height > one.y + 1e-6
  );
}

function boxOf({ boxes }: Layout, id: string): Box {
  const box = boxes[id];
  if (box === undefined) throw new Error(`no box of ${id}`);
  return box;
}

describe("layout", () => {
  it("goes from the left to the right", () => {
    const { boxes } = layout(graph("a b", "b c", "a c"));
    expect(Object.values(boxes).map(({ x }) => x)).toEqual([0, 196, 392]);
  });

  it("draws a chain as a straight line", () => {
    const found = layout(graph("a b", "b c", "c d"));
    expect(new Set(Object.values(found.boxes).map(({ y }) => y)).size).toBe(1);
  });

  it("puts what a node leads to around it", () => {
    const found = layout(graph("a b", "a c", "a d"));
    expect(boxOf(found, "c").y).toBe(boxOf(found, "a").y);
    expect(boxOf(found, "b").y).toBeLessThan(boxOf(found, "c").y);
  });

  it("makes a column of nodes as wide as its widest", () => {
    const question = graph("a b", "a c", "b d");
    const nodes = question.nodes.map((node) => ({ ...node, width: node.id === "c" ? 180 : 100 }));
    const { boxes } = layout({ ...question, nodes });
    expect(Object.values(boxes).map(({ width }) => width)).toEqual([100, 180, 180, 100]);
    expect(boxes.d?.x).toBe(100 + 180 + 80);
  });

  it("leads an edge to the middle of a fold's border where no edge goes on inside", () => {
    const nodes = [
      { id: "a", ...SIZE },
      { id: "f", ...SIZE, isOpen: true },
      ...["x", "y", "z"].map((id) => ({ id: `f/${id}`, ...SIZE, parent: "f" })),
    ];
    const found = layout({ nodes, edges: [{ source: "a", target: "f" }], direction: "right" });
    const hull = boxOf(found, "f");
    const end = found.edges[0]?.points.at(-1) ?? 0;
    expect(end).toBeGreaterThan(hull.y + 34);
    expect(end).toBeLessThan(hull.y + hull.height - 16);
    expect(boxOf(found, "a").y + SIZE.height / 2).toBeCloseTo(end);
  });

  it("leads a long edge past what stands between its ends", () => {
    const found = layout(graph("a b", "b c", "a c"));
    const { points } = found.edges.find(({ source, target }) => source === "a" && target === "c") as Layout["edges"][0];
    const between = boxOf(found, "b");
    const passes = points[5] as number;
    expect(passes < between.y || passes > between.y + between.height).toBe(true);
  });

  it("draws the edge that closes a circle as one that goes back", () => {
    const found = layout(graph("train score", "score train", "score report"));
    expect(found.edges.filter(({ isBack }) => isBack).map(({ source, target }) => [source, target])).toEqual([
      ["score", "train"],
    ]);
  });

  it("runs down for a phone", () => {
    const { boxes } = layout({ ...graph("a b"), direction: "down" });
    expect(boxes.b?.y).toBeGreaterThan(boxes.a?.y ?? 0);
    expect(boxes.b?.x).toBe(boxes.a?.x);
  });

  it("is empty for nothing", () => {
    expect(layout(graph())).toMatchObject({ boxes: {}, edges: [], bounds: { width: 0, height: 0 } });
  });

  it("does not draw what leads from a fold to its own inside", () => {
    const nodes = [
      { id: "f", ...SIZE, isOpen: true },
      { id: "f/a", ...SIZE, parent: "f" },
    ];
    expect(layout({ nodes, edges: [{ source: "f", target: "f/a" }], direction: "right" }).edges).toEqual([]);
  });

  it.each(SEEDS)("keeps nodes apart, folds around their insides, and edges forward (%i)", (seed) => {
    const question = drawn(seed, 30 + seed * 2);
    const found = layout(question);
    const { nodes } = question;
    for (const [at, one] of nodes.entries()) {
      expect(isInside(boxOf(found, one.id), found.bounds)).toBe(true);
      if (one.parent !== undefined) expect(isInside(boxOf(found, one.id), boxOf(found, one.parent))).toBe(true);
      for (const other of nodes.slice(at + 1)) {
        const isAround = other.id.startsWith(`${one.id}/`) || one.id.startsWith(`${other.id}/`);
        if (!isAround) expect(overlap(boxOf(found, one.id), boxOf(found, other.id))).toBe(false);
      }
    }
    const along = found.direction === "right" ? 0 : 1;
    for (const { points, isBack, source, target } of found.edges) {
      const steps = points.filter((_, place) => place % 2 === along);
      expect(steps).toEqual([...steps].sort((one, other) => one - other));
      if (isBack) continue;
      const [from, to] = [boxOf(found, source), boxOf(found, target)];
      expect(points[along]).toBeCloseTo(along === 0 ? from.x + from.width : from.y + from.height);
      expect(points.at(along - 2)).toBeCloseTo(along === 0 ? to.x : to.y);
    }
  });

  it.each(SEEDS)("leads no edge through a node (%i)", (seed) => {
    const question = drawn(seed, 40);
    const found = layout({ ...question, direction: "right" });
    const closed = question.nodes.filter(({ isOpen }) => !isOpen).map(({ id }) => [id, boxOf(found, id)] as const);
    const through = found.edges.flatMap(({ points, source, target }) => {
      const crossed: string[] = [];
      // The straight parts: the curves lie between layers, where no node of their level is.
      for (let at = 0; at + 4 < points.length; at += 4) {
        const [x, y, end] = points.slice(at, at + 3) as [number, number, number];
        const line = { x, y, width: end - x, height: 1e-4 };
        for (const [id, box] of closed) {
          if (id !== source && id !== target && overlap(box, line))
            crossed.push(`${source} -> ${target} through ${id}`);
        }
      }
      return crossed;
    });
    expect(through).toEqual([]);
  });

  it.each(SEEDS)("is the same for the same question (%i)", (seed) => {
    expect(layout(drawn(seed, 50))).toEqual(layout(drawn(seed, 50)));
  });

  it.each(SEEDS.slice(0, 12))("keeps the order of what stood as the graph grows (%i)", (seed) => {
    const whole = drawn(seed, 60);
    let before = layout(first(whole, 20));
    for (let count = 21; count <= 60; count++) {
      const now = layout({ ...first(whole, count), before: before.memory });
      expect(reversed(before, now)).toEqual([]);
      before = now;
    }
  });

  it("moves nothing that it must not when a node is added at the end", () => {
    const before = layout(graph("a b", "a c", "b d", "c d"));
    const now = layout({ ...graph("a b", "a c", "b d", "c d", "d e", "d f"), before: before.memory });
    for (const id of ["a", "b", "c", "d"]) expect(now.boxes[id]).toEqual(before.boxes[id]);
  });

  it("moves neighbours only aside when a fold opens", () => {
    const closed = graph("a f", "a b", "f c", "b c", "a g");
    const before = layout(closed);
    const inside = ["f/x", "f/y", "f/z"].map((id) => ({ id, ...SIZE, parent: "f" }));
    const nodes = [...closed.nodes.map((node) => ({ ...node, isOpen: node.id === "f" })), ...inside];
    const now = layout({ ...closed, nodes, before: before.memory });
    for (const id of ["a", "b", "g"]) expect(boxOf(now, id).x).toBe(boxOf(before, id).x);
    expect(boxOf(now, "a")).toEqual(boxOf(before, "a"));
    expect(boxOf(now, "b").y).toBeGreaterThan(boxOf(before, "b").y);
  });
});

/** The graph as it was when `count` of its nodes were known. */
function first({ nodes, edges, direction }: LayoutQuestion, count: number): LayoutQuestion {
  const known = new Set(nodes.slice(0, count).map(({ id }) => id));
  const between = ({ source, target }: GraphEdge) => known.has(source) && known.has(target);
  return { nodes: nodes.slice(0, count), edges: edges.filter(between), direction };
}

/** The pairs of one layer that have changed places. */
function reversed(before: Layout, now: Layout): string[] {
  return Object.entries(before.memory).flatMap(([fold, level]) => {
    const is = now.memory[fold] ?? {};
    const stood = Object.entries(level).filter(([key, { layer }]) => is[key]?.layer === layer);
    stood.sort(([, one], [, other]) => one.layer - other.layer || one.across - other.across);
    return stood.slice(1).flatMap(([key, { layer }], at) => {
      const [left, wasLeft] = stood[at] as (typeof stood)[0];
      const isSame = wasLeft.layer !== layer || (is[left]?.across ?? 0) < (is[key]?.across ?? 0);
      return isSame ? [] : [`${left} ${key}`];
    });
  });
}
