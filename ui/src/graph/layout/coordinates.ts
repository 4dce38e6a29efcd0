/** Where the vertices of each layer lie across: in their order, apart, and as near to their neighbours as that allows. */

import { placesOf } from "./crossings";
import { placedApart } from "./isotonic";
import type { Layered, Vertex } from "./layers";
import type { LevelMemory } from "./layoutTypes";

/** How far a node reaches to both sides of its line, and where on its side its edges come in and go out. */
export interface Reach {
  before: number;
  after: number;
  in: number;
  out: number;
}

const ROUNDS = 8;
const BEND: Reach = { before: 0, after: 0, in: 0, out: 0 };
const NODE_APART = 18;
const BEND_APART = 12;
// How much each wants to lie where its neighbours lie: bends give way to nodes, and are put in line afterwards.
const NODE = 1;
const LONE = 0.001;
const BENT = 0.001;
const STOOD = 1000; // what stood wants to stay

/** The line of each vertex. `before`: of those that stood, which stay if they can. */
export function coordinates(graph: Layered, reaches: readonly Reach[], before: LevelMemory = {}): Float64Array {
  const { vertices, layers } = graph;
  const reach = (vertex: Vertex) => reaches[vertex.node] ?? BEND;
  const lines = new Float64Array(vertices.length);
  const stood = vertices.map(({ key, layer }) => (before[key]?.layer === layer ? before[key].across : undefined));
  const aparts = layers.map((layer) =>
    distances(
      layer.map((at) => vertices[at] as Vertex),
      reach,
    ),
  );

  const settle = (layer: readonly number[], apart: ArrayLike<number>, sides: readonly ("into" | "out")[]) => {
    const wished = new Float64Array(layer.length);
    const weights = new Float64Array(layer.length);
    for (let place = 0; place < layer.length; place++) {
      const at = layer[place] as number;
      const vertex = vertices[at] as Vertex;
      const wish = wishOf(vertex, lines, vertices, reach, sides);
      const old = stood[at];
      wished[place] = old ?? wish ?? (lines[at] as number);
      weights[place] = old !== undefined ? STOOD : wish === null ? LONE : vertex.node < 0 ? BENT : NODE;
    }
    const places = placedApart(wished, weights, apart);
    for (let place = 0; place < layer.length; place++) lines[layer[place] as number] = places[place] as number;
  };

  for (const [at, layer] of layers.entries()) {
    let line = 0;
    const apart = aparts[at] as Float64Array;
    const whole = apart.reduce((sum, one) => sum + one, 0);
    for (let place = 0; place < layer.length; place++) {
      lines[layer[place] as number] = stood[layer[place] as number] ?? line - whole / 2;
      line += apart[place] ?? 0;
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    const isDown = round % 2 === 0;
    const sides = round < ROUNDS - 2 ? ([isDown ? "into" : "out"] as const) : (["into", "out"] as const);
    for (let step = 0; step < layers.length; step++) {
      const at = isDown ? step : layers.length - 1 - step;
      settle(layers[at] as number[], aparts[at] as Float64Array, sides);
    }
  }
  straighten(graph, lines, aparts, (at) => stood[at] !== undefined);
  return lines;
}

function distances(layer: readonly Vertex[], reach: (vertex: Vertex) => Reach): Float64Array {
  const apart = new Float64Array(Math.max(0, layer.length - 1));
  for (let place = 0; place < apart.length; place++) {
    const one = layer[place] as Vertex;
    const other = layer[place + 1] as Vertex;
    apart[place] = reach(one).after + reach(other).before + (one.node < 0 || other.node < 0 ? BEND_APART : NODE_APART);
  }
  return apart;
}

/** Where a vertex's edges on these sides would be straight, for the middle one of them; null: it has none there. */
function wishOf(
  vertex: Vertex,
  lines: Float64Array,
  vertices: readonly Vertex[],
  reach: (vertex: Vertex) => Reach,
  sides: readonly ("into" | "out")[],
): number | null {
  const near: { line: number; weight: number }[] = [];
  for (const side of sides) {
    for (const at of vertex[side]) {
      const other = vertices[at] as Vertex;
      const shift = side === "into" ? reach(other).out - reach(vertex).in : reach(other).in - reach(vertex).out;
      // The way from node to node is straight rather than that of a long edge beside it.
      near.push({ line: (lines[at] as number) + shift, weight: other.node < 0 ? 1 : 4 });
    }
  }
  return near.length === 0 ? null : median(near);
}

/** Half of the weight lies on each side of it; between two, in their middle. */
function median(near: { line: number; weight: number }[]): number {
  near.sort((one, other) => one.line - other.line);
  const half = near.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const [at, { line, weight }] of near.entries()) {
    sum += weight;
    if (sum === half) return (line + (near[at + 1]?.line ?? line)) / 2;
    if (sum > half) return line;
  }
  return 0;
}

/**
 * Puts the bends of a long edge in one line as far as what stands beside them leaves room. A bend has one source at most,
 * so its chain is followed from its first.
 */
function straighten(
  graph: Layered,
  lines: Float64Array,
  aparts: readonly Float64Array[],
  isFixed: (at: number) => boolean,
): void {
  const { vertices, layers } = graph;
  const places = placesOf(layers, vertices.length);
  const room = (at: number): [number, number] => {
    const { layer } = vertices[at] as Vertex;
    const place = places[at] as number;
    const [before, after] = [layers[layer]?.[place - 1], layers[layer]?.[place + 1]];
    return [
      before === undefined ? Number.NEGATIVE_INFINITY : (lines[before] as number) + (aparts[layer]?.[place - 1] ?? 0),
      after === undefined ? Number.POSITIVE_INFINITY : (lines[after] as number) - (aparts[layer]?.[place] ?? 0),
    ];
  };
  for (const [first, vertex] of vertices.entries()) {
    if (vertex.node >= 0 || (vertices[vertex.into[0] ?? 0]?.node ?? 0) < 0) continue;
    let run: number[] = [];
    let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const flush = () => {
      const mean = run.reduce((sum, at) => sum + (lines[at] as number), 0) / run.length;
      for (const at of run) lines[at] = Math.min(Math.max(mean, low), high);
      run = [];
    };
    for (let at: number | undefined = first; at !== undefined; at = nextBend(vertices, at)) {
      const [least, most] = isFixed(at) ? [lines[at] as number, lines[at] as number] : room(at);
      if (Math.max(low, least) > Math.min(high, most)) {
        flush();
        [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      }
      low = Math.max(low, least);
      high = Math.min(high, most);
      run.push(at);
    }
    flush();
  }
}

function nextBend(vertices: readonly Vertex[], at: number): number | undefined {
  return vertices[at]?.out.find((next) => (vertices[next]?.node ?? 0) < 0);
}
