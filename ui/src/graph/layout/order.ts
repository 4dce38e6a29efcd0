/** In which order the vertices of each layer stand: as few lines as can be found cross, and what stood stays in order. */

import { crossings, placesOf } from "./crossings";
import type { Layered } from "./layers";
import type { LevelMemory } from "./layoutTypes";

const SWEEPS = 8;
const MOST_TWICE = 1_000; // vertices: with more, one first order has to do

/** Orders `graph.layers` in place. */
export function order(graph: Layered, before: LevelMemory = {}): void {
  const known = new Map<number, number>();
  for (const [vertex, { key, layer }] of graph.vertices.entries()) {
    const stood = before[key];
    if (stood?.layer === layer) known.set(vertex, stood.across);
  }
  if (known.size === 0) orderAnew(graph);
  else keepOrder(graph, known);
}

/** Barycentre sweeps down and up, from two first orders; the best order of all is kept. */
function orderAnew(graph: Layered): void {
  let best = graph.layers;
  let fewest = Number.POSITIVE_INFINITY;
  const keepBetter = () => {
    const found = crossings(graph);
    if (found >= fewest) return;
    fewest = found;
    best = graph.layers.map((layer) => [...layer]);
  };
  const called = graph.layers.map((layer) => [...layer]);
  for (const first of [inDepth(graph), called]) {
    if (graph.vertices.length > MOST_TWICE && first === called) break;
    graph.layers = first;
    keepBetter();
    for (let round = 0; round < SWEEPS && fewest > 0; round++) {
      sweep(graph, round % 2 === 0, round % 4 >= 2, sorted);
      exchange(graph);
      keepBetter();
    }
  }
  graph.layers = best;
}

/** What stood keeps its order; each new vertex is put where it reverses the fewest of its layer. */
function keepOrder(graph: Layered, known: ReadonlyMap<number, number>): void {
  const across = (vertex: number) => known.get(vertex) ?? 0;
  graph.layers = graph.layers.map((layer) => {
    const old = layer.filter((vertex) => known.has(vertex)).sort((one, other) => across(one) - across(other));
    return [...old, ...layer.filter((vertex) => !known.has(vertex))];
  });
  for (let round = 0; round < SWEEPS; round++) {
    sweep(graph, round % 2 === 0, false, (layer, wished) => inserted(layer, wished, known));
  }
}

/** A first order: each source, and what it leads to, in depth. */
function inDepth(graph: Layered): number[][] {
  const layers: number[][] = graph.layers.map(() => []);
  const seen = new Uint8Array(graph.vertices.length);
  for (const root of graph.vertices.keys()) {
    if ((graph.vertices[root]?.into.length ?? 0) > 0) continue;
    const way = [root];
    for (let vertex = way.pop(); vertex !== undefined; vertex = way.pop()) {
      if (seen[vertex]) continue;
      seen[vertex] = 1;
      const { layer, out } = graph.vertices[vertex] as Layered["vertices"][number];
      layers[layer]?.push(vertex);
      for (let at = out.length - 1; at >= 0; at--) way.push(out[at] as number);
    }
  }
  return layers;
}

type Wished = ReadonlyMap<number, number>;

/** Gives each layer in turn the order of where its vertices' neighbours stand on the mean. */
function sweep(
  graph: Layered,
  isDown: boolean,
  isReversed: boolean,
  arrange: (layer: readonly number[], wished: Wished, isReversed: boolean) => number[],
): void {
  const { vertices, layers } = graph;
  const places = placesOf(layers, vertices.length);
  for (let step = 1; step < layers.length; step++) {
    const at = isDown ? step : layers.length - 1 - step;
    const wished = new Map<number, number>();
    for (const vertex of layers[at] as number[]) {
      const near = (isDown ? vertices[vertex]?.into : vertices[vertex]?.out) as number[];
      if (near.length > 0)
        wished.set(vertex, near.reduce((sum, other) => sum + (places[other] as number), 0) / near.length);
    }
    const arranged = arrange(layers[at] as number[], wished, isReversed);
    layers[at] = arranged;
    for (let place = 0; place < arranged.length; place++) places[arranged[place] as number] = place;
  }
}

/** By their wishes; who has none stays at its place. `isReversed`: of equal ones the later goes first. */
function sorted(layer: readonly number[], wished: Wished, isReversed: boolean): number[] {
  const moving = layer.filter((vertex) => wished.has(vertex));
  if (isReversed) moving.reverse();
  const wish = (vertex: number) => wished.get(vertex) ?? 0;
  moving.sort((one, other) => wish(one) - wish(other));
  let next = 0;
  return layer.map((vertex) => (wished.has(vertex) ? (moving[next++] as number) : vertex));
}

/** The known ones as they stand, each other where it is on the wrong side of the fewest. */
function inserted(layer: readonly number[], wished: Wished, known: ReadonlyMap<number, number>): number[] {
  const found = layer.filter((vertex) => known.has(vertex));
  const fresh = layer.filter((vertex) => !known.has(vertex));
  const wish = (vertex: number) => wished.get(vertex) ?? Number.POSITIVE_INFINITY;
  fresh.sort((one, other) => (wish(one) === wish(other) ? 0 : wish(one) - wish(other)));
  for (const vertex of fresh) {
    // Those on its left that wish to stand right of it, counted as the place goes from the end to the begin.
    let best = found.length;
    let cost = 0;
    let least = 0;
    for (let place = found.length - 1; place >= 0; place--) {
      const other = wished.get(found[place] as number);
      if (other !== undefined) cost += other > wish(vertex) ? -1 : other < wish(vertex) ? 1 : 0;
      if (cost < least) {
        least = cost;
        best = place;
      }
    }
    found.splice(best, 0, vertex);
  }
  return found;
}

/** Swaps neighbours in a layer as long as that takes crossings away. */
function exchange(graph: Layered): void {
  const { vertices, layers } = graph;
  const places = placesOf(layers, vertices.length);
  const standing = (near: readonly number[]) =>
    near.map((vertex) => places[vertex] as number).sort((one, other) => one - other);
  for (const layer of layers) {
    const ends = layer.map((vertex) => [standing(vertices[vertex]?.into ?? []), standing(vertices[vertex]?.out ?? [])]);
    let isBetter = true;
    for (let round = 0; isBetter && round < 4; round++) {
      isBetter = false;
      for (let place = 1; place < layer.length; place++) {
        const left = ends[place - 1] as number[][];
        const right = ends[place] as number[][];
        if (gain(left, right) <= 0) continue;
        [layer[place - 1], layer[place]] = [layer[place] as number, layer[place - 1] as number];
        [ends[place - 1], ends[place]] = [right, left];
        isBetter = true;
      }
    }
    for (let place = 0; place < layer.length; place++) places[layer[place] as number] = place;
  }
}

/** How many crossings go where two neighbours change places. */
function gain(left: readonly number[][], right: readonly number[][]): number {
  let sum = 0;
  for (let side = 0; side < 2; side++) {
    const one = left[side] as number[];
    const other = right[side] as number[];
    let smaller = 0;
    let upTo = 0;
    // Of each pair, whether it crosses now (the left one's end beyond the right one's) or would then.
    for (const end of one) {
      while (smaller < other.length && (other[smaller] as number) < end) smaller++;
      while (upTo < other.length && (other[upTo] as number) <= end) upTo++;
      sum += smaller - (other.length - upTo);
    }
  }
  return sum;
}
