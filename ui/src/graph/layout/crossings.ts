import type { Layered } from "./layers";

/** How many pairs of links cross. */
export function crossings({ vertices, layers }: Layered): number {
  const places = placesOf(layers, vertices.length);
  let sum = 0;
  for (let layer = 1; layer < layers.length; layer++) {
    const ends: number[] = [];
    for (const vertex of layers[layer - 1] as number[]) {
      const out = (vertices[vertex]?.out ?? []).map((to) => places[to] as number);
      ends.push(...out.sort((one, other) => one - other));
    }
    sum += inversions(ends, (layers[layer] as number[]).length);
  }
  return sum;
}

/** The place of each vertex in its layer. */
export function placesOf(layers: readonly (readonly number[])[], count: number): Int32Array {
  const places = new Int32Array(count);
  for (const layer of layers) for (let place = 0; place < layer.length; place++) places[layer[place] as number] = place;
  return places;
}

/**
 * How many pairs of numbers below `limit` stand in the wrong order, by a tree of sums.
 *
 * Barth, Mutzel, Jünger: Simple and efficient bilayer cross counting (Journal of Graph Algorithms and Applications 8, 2004).
 */
function inversions(numbers: readonly number[], limit: number): number {
  const tree = new Int32Array(limit + 1);
  let sum = 0;
  for (let seen = 0; seen < numbers.length; seen++) {
    const number = (numbers[seen] as number) + 1;
    let smaller = 0;
    for (let at = number; at > 0; at -= at & -at) smaller += tree[at] as number;
    sum += seen - smaller;
    for (let at = number; at <= limit; at += at & -at) tree[at] = (tree[at] as number) + 1;
  }
  return sum;
}
