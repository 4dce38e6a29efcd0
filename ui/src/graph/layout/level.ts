/** One level of a graph: nodes of any size and the edges between them, without regard to what lies inside of a node. */

import { coordinates, type Reach } from "./coordinates";
import { backEdges, type Layered, layered, longestWays, type Pair } from "./layers";
import type { LevelMemory } from "./layoutTypes";
import { order } from "./order";

const LAYERS_APART = 40;

/** A node, in the directions of the layout. */
export interface LevelNode {
  id: string;
  along: number;
  /** It is drawn as long as the longest like it in its layer: a column of nodes has straight sides. */
  isStretched?: boolean;
  reach: Reach;
  /** It stands in a layer of its own at the begin or the end: there edges come into a fold and go out. */
  gate?: "in" | "out";
}

export interface LaidLevel {
  /** Of each node, where it begins along, how long it is, and where its line lies across. */
  begins: Float64Array;
  alongs: number[];
  lines: Float64Array;
  /** Of each edge: along, across, along, across... as in `LaidEdge.points`; empty: it goes back. */
  points: number[][];
  /** How far it reaches. */
  along: number;
  first: number;
  last: number;
  memory: LevelMemory;
}

export function laidLevel(nodes: readonly LevelNode[], edges: readonly Pair[], before?: LevelMemory): LaidLevel {
  const graph = layered(
    nodes.map(({ id }) => id),
    edges,
    layersOf(nodes, edges),
  );
  order(graph, before);
  const lines = coordinates(
    graph,
    nodes.map(({ reach }) => reach),
    before,
  );
  const alongs = stretched(nodes, graph);
  const extents = extentsOf(graph.layers.map((layer) => layer.map((at) => alongs[at] ?? 0)));
  const memory: LevelMemory = {};
  const begins = new Float64Array(nodes.length);
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [at, { key, node, layer }] of graph.vertices.entries()) {
    const line = lines[at] as number;
    memory[key] = { layer, across: line };
    if (node >= 0) begins[node] = extents[layer]?.begin ?? 0;
    first = Math.min(first, line - (nodes[node]?.reach.before ?? 0));
    last = Math.max(last, line + (nodes[node]?.reach.after ?? 0));
  }
  const points = graph.ways.map((way) => {
    const found: number[] = [];
    for (const [place, at] of way.entries()) {
      const { layer, node } = graph.vertices[at] as (typeof graph.vertices)[number];
      const { begin, end } = extents[layer] as Extent;
      const line = lines[at] as number;
      const reach = nodes[node]?.reach;
      if (place > 0) found.push(begin, line + (reach?.in ?? 0));
      if (place === 0) found.push(begin + (alongs[node] ?? 0), line + (reach?.out ?? 0));
      if (place < way.length - 1) found.push(end, line + (reach?.out ?? 0));
    }
    return found;
  });
  const along = extents[extents.length - 1]?.end ?? 0;
  if (nodes.length === 0) [first, last] = [0, 0];
  return { begins, alongs, lines: lines.subarray(0, nodes.length), points, along, first, last, memory };
}

function stretched(nodes: readonly LevelNode[], graph: Layered): number[] {
  const alongs = nodes.map(({ along }) => along);
  for (const layer of graph.layers) {
    const alike = layer.filter((at) => nodes[at]?.isStretched);
    const longest = Math.max(...alike.map((at) => alongs[at] as number));
    for (const at of alike) alongs[at] = longest;
  }
  return alongs;
}

function layersOf(nodes: readonly LevelNode[], edges: readonly Pair[]): Int32Array {
  const back = backEdges(nodes.length, edges);
  const forward = edges.filter((_, at) => !back.has(at));
  for (const [at, { gate }] of nodes.entries()) {
    if (gate === undefined) continue;
    for (const other of nodes.keys()) if (other !== at) forward.push(gate === "in" ? [at, other] : [other, at]);
  }
  return longestWays(nodes.length, forward);
}

interface Extent {
  begin: number;
  end: number;
}

function extentsOf(layers: readonly (readonly number[])[]): Extent[] {
  let begin = 0;
  return layers.map((layer) => {
    const end = layer.reduce((most, along) => Math.max(most, along), 0) + begin;
    const extent = { begin, end };
    begin = end + LAYERS_APART;
    return extent;
  });
}
