/** Which layer each node lies in, and what an edge passes on its way through the layers between its ends. */

export interface Vertex {
  /** Of a node its id; of a bend of a long edge `source>layer>target`. */
  key: string;
  /** Number of the node; -1: a bend. */
  node: number;
  layer: number;
  into: number[];
  out: number[];
}

export interface Layered {
  vertices: Vertex[];
  /** Of each edge, the vertices on its way; empty: it goes back. */
  ways: number[][];
  layers: number[][];
}

export type Pair = readonly [source: number, target: number];

/**
 * The edges that close a circle: those that lead back to a node on the way here, searched in depth from the nodes in their
 * order. A loop's body is called in order, so the edge that starts its next round is the one that goes back.
 */
export function backEdges(count: number, edges: readonly Pair[]): Set<number> {
  const out: number[][] = Array.from({ length: count }, () => []);
  for (const [edge, [source]] of edges.entries()) out[source]?.push(edge);
  const back = new Set<number>();
  const state = new Uint8Array(count); // 0: not seen; 1: on the way; 2: left
  for (let root = 0; root < count; root++) {
    const way = state[root] === 0 ? [root] : [];
    const next = way.map(() => 0);
    state[root] ||= 1;
    while (way.length > 0) {
      const node = way[way.length - 1] as number;
      const at = next[next.length - 1] as number;
      const edge = out[node]?.[at];
      if (edge === undefined) {
        state[node] = 2;
        way.pop();
        next.pop();
        continue;
      }
      next[next.length - 1] = at + 1;
      const target = (edges[edge] as Pair)[1];
      if (state[target] === 1) back.add(edge);
      else if (state[target] === 0) {
        state[target] = 1;
        way.push(target);
        next.push(0);
      }
    }
  }
  return back;
}

/** The longest way from a source to each node, in edges. `edges` have no circle. */
export function longestWays(count: number, edges: readonly Pair[]): Int32Array {
  const out: number[][] = Array.from({ length: count }, () => []);
  const missing = new Int32Array(count);
  for (const [source, target] of edges) {
    out[source]?.push(target);
    missing[target] = (missing[target] as number) + 1;
  }
  const layers = new Int32Array(count);
  const ready = Array.from({ length: count }, (_, node) => node).filter((node) => missing[node] === 0);
  for (let at = 0; at < ready.length; at++) {
    const node = ready[at] as number;
    for (const target of out[node] as number[]) {
      layers[target] = Math.max(layers[target] as number, (layers[node] as number) + 1);
      missing[target] = (missing[target] as number) - 1;
      if (missing[target] === 0) ready.push(target);
    }
  }
  return layers;
}

/** Beyond so many bends the long edges of a node share theirs, one to a layer, and branch off where they have to. */
const MOST_BENDS = 3_000;

/** Vertices and their links from layer to layer. */
export function layered(ids: readonly string[], edges: readonly Pair[], layerOf: ArrayLike<number>): Layered {
  const vertices: Vertex[] = ids.map((key, node) => ({ key, node, layer: layerOf[node] as number, into: [], out: [] }));
  const bends = new Map<string, number>();
  const linked = new Set<number>();
  const link = (from: number, to: number) => {
    const known = from * 0x4000000 + to;
    if (linked.has(known)) return;
    linked.add(known);
    vertices[from]?.out.push(to);
    vertices[to]?.into.push(from);
  };
  const long = ([source, target]: Pair) => Math.max(0, (layerOf[target] as number) - (layerOf[source] as number) - 1);
  const isShared = edges.reduce((sum, edge) => sum + long(edge), 0) > MOST_BENDS;
  const bend = ([source, target]: Pair, layer: number): number => {
    const key = `${ids[source]}>${layer}${isShared ? "" : `>${ids[target]}`}`;
    const known = bends.get(key);
    if (known !== undefined) return known;
    bends.set(key, vertices.length);
    return vertices.push({ key, node: -1, layer, into: [], out: [] }) - 1;
  };
  const ways = edges.map((edge) => {
    const [source, target] = edge;
    const first = layerOf[source] as number;
    const last = layerOf[target] as number;
    if (last <= first) return [];
    const way = [source];
    for (let layer = first + 1; layer < last; layer++) way.push(bend(edge, layer));
    way.push(target);
    for (let at = 1; at < way.length; at++) link(way[at - 1] as number, way[at] as number);
    return way;
  });
  const layers: number[][] = [];
  for (const [at, vertex] of vertices.entries()) {
    while (layers.length <= vertex.layer) layers.push([]);
    layers[vertex.layer]?.push(at);
  }
  return { vertices, ways, layers };
}
