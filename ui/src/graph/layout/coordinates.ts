/** Where the vertices of each layer lie across: in their order, apart, and as near to their neighbours as that allows. */

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
const STRAIGHT = 8; // how much more a bend wants to lie straight than a node does
const STOOD = 1000; // how much more what stood wants to stay than to lie near its neighbours

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
      weights[place] = old !== undefined ? STOOD : wish === null ? 0.01 : vertex.node < 0 ? STRAIGHT : 1;
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

/** Where a vertex's edges on these sides would be straight on the mean; null: it has none there. */
function wishOf(
  vertex: Vertex,
  lines: Float64Array,
  vertices: readonly Vertex[],
  reach: (vertex: Vertex) => Reach,
  sides: readonly ("into" | "out")[],
): number | null {
  let sum = 0;
  let mass = 0;
  for (const side of sides) {
    for (const at of vertex[side]) {
      const other = vertices[at] as Vertex;
      const shift = side === "into" ? reach(other).out - reach(vertex).in : reach(other).in - reach(vertex).out;
      // Of a long edge, the bends stand in one line rather than each between what it joins.
      const weight = vertex.node < 0 && other.node < 0 ? STRAIGHT : 1;
      sum += weight * ((lines[at] as number) + shift);
      mass += weight;
    }
  }
  return mass === 0 ? null : sum / mass;
}
