/**
 * The layout of a graph with folds. Each open fold is laid out by itself, then placed as one large node of the level around
 * it: hulls don't overlap, and opening one moves its neighbours only aside. Edges from outside reach into a fold through a
 * gate on its border.
 *
 * Pure, and the same for the same question.
 */

import type { Box, Direction, GraphNode, Layout, LayoutQuestion, Memory } from "./layoutTypes";
import { type LaidLevel, type LevelNode, laidLevel } from "./level";
import { GATE_IN, GATE_OUT, nested } from "./nesting";

/** From a fold's border to what is inside: under its name, and on the other sides. */
const HULL_NAME = 34;
const HULL_EDGE = 16;

export function layout({ nodes, edges, direction, before = {} }: LayoutQuestion): Layout {
  const { levels, passages } = nested(nodes, edges);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const laid = new Map<string, PlacedLevel>();
  const memory: Memory = {};
  for (const [fold, { ids, pairs }] of [...levels].reverse()) {
    const members = ids.map((id) => levelNode(id, byId.get(id), laid.get(id), direction));
    const level = laidLevel(members, pairs, before[fold]);
    laid.set(fold, { ...level, members, along: level.along, offset: { along: 0, across: 0 } });
    memory[fold] = level.memory;
  }
  const boxes: Record<string, Box> = {};
  for (const fold of levels.keys()) place(fold, laid, boxes, direction);
  const routed = passages.flatMap((passage, at) => {
    const edge = edges[at];
    if (edge === undefined || passage.length === 0) return [];
    const ways = passage.map(({ fold, pair }) => shifted(laid.get(fold), pair));
    const isBack = ways.some((way) => way.length === 0);
    const points = isBack ? [] : ways.flatMap((way, part) => (part === 0 ? way : way.slice(2)));
    return [{ ...edge, points: direction === "right" ? points : turned(points), isBack }];
  });
  const root = laid.get("");
  const bounds = root
    ? boxOf(0, root.first, root.along, root.last - root.first, direction)
    : boxOf(0, 0, 0, 0, direction);
  return { boxes, edges: routed, bounds, direction, memory };
}

interface PlacedLevel extends LaidLevel {
  members: readonly LevelNode[];
  offset: { along: number; across: number };
}

/** What stands for a node in its level; an open fold is as large as its inside, whose line 0 is its own. */
function levelNode(
  id: string,
  node: GraphNode | undefined,
  inside: PlacedLevel | undefined,
  direction: Direction,
): LevelNode {
  if (node === undefined) {
    const reach = { before: 0, after: 0, in: 0, out: 0 };
    return { id, along: 0, reach, gate: id === GATE_IN ? "in" : "out" };
  }
  const [along, across] = direction === "right" ? [node.width, node.height] : [node.height, node.width];
  if (inside === undefined) {
    const reach = { before: across / 2, after: across / 2, in: 0, out: 0 };
    return { id, along, isStretched: direction === "right", reach };
  }
  const middle = (inside.first + inside.last) / 2;
  const line = (gate: string) => inside.lines[inside.members.findIndex((member) => member.id === gate)] ?? middle;
  const { begin, end } = alongEdges(inside, direction);
  return {
    id,
    along: Math.max(along, begin + inside.along + end),
    reach: {
      before: (direction === "right" ? HULL_NAME : HULL_EDGE) - inside.first,
      after: inside.last + HULL_EDGE,
      in: line(GATE_IN),
      out: line(GATE_OUT),
    },
  };
}

/** At a gate the room for the edges is room enough. */
function alongEdges(inside: PlacedLevel, direction: Direction): { begin: number; end: number } {
  const has = (gate: string) => inside.members.some(({ id }) => id === gate);
  const begin = has(GATE_IN) ? 0 : HULL_EDGE;
  return { begin: direction === "right" ? begin : Math.max(begin, HULL_NAME), end: has(GATE_OUT) ? 0 : HULL_EDGE };
}

function place(fold: string, laid: Map<string, PlacedLevel>, boxes: Record<string, Box>, direction: Direction): void {
  const level = laid.get(fold);
  if (level === undefined) return;
  for (const [at, { id, reach, gate }] of level.members.entries()) {
    if (gate !== undefined) continue;
    const along = level.alongs[at] as number;
    const begin = level.offset.along + (level.begins[at] as number);
    const line = level.offset.across + (level.lines[at] as number);
    boxes[id] = boxOf(begin, line - reach.before, along, reach.before + reach.after, direction);
    const inside = laid.get(id);
    if (inside) inside.offset = { along: begin + alongEdges(inside, direction).begin, across: line };
  }
}

function shifted(level: PlacedLevel | undefined, pair: number): number[] {
  const offsets = level ? [level.offset.along, level.offset.across] : [];
  return (level?.points[pair] ?? []).map((value, at) => value + (offsets[at % 2] as number));
}

function boxOf(along: number, across: number, length: number, breadth: number, direction: Direction): Box {
  return direction === "right"
    ? { x: along, y: across, width: length, height: breadth }
    : { x: across, y: along, width: breadth, height: length };
}

function turned(points: readonly number[]): number[] {
  return points.map((_, at) => points[at ^ 1] as number);
}
