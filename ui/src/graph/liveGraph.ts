import type { FoldedGraph, FoldedNode } from "./counts";

interface GraphPatch {
  nodes: FoldedGraph["nodes"];
  edges: FoldedGraph["edges"];
}

/**
 * The graph with what has changed of it: nodes by their ids, and all edges to the nodes that are led to otherwise. What did
 * not change stays the same object. Null: it was told of other folds than are open here, and has to be asked for.
 */
export function patchedGraph(graph: FoldedGraph, patch: GraphPatch): FoldedGraph | null {
  const opened = new Set(graph.nodes.filter(isOpen).map(({ id }) => id));
  const isHere = ({ id }: FoldedNode) => opened.has(id.slice(0, Math.max(0, id.lastIndexOf("/")))) || !id.includes("/");
  if (patch.nodes.some((node) => !isHere(node) || isOpen(node) !== opened.has(node.id))) return null;
  const changed = new Map(patch.nodes.map((node) => [node.id, node]));
  const known = new Set(graph.nodes.map(({ id }) => id));
  const fresh = patch.nodes.filter(({ id }) => !known.has(id));
  const nodes = [...graph.nodes.map((node) => changed.get(node.id) ?? node), ...fresh];
  const led = new Set(patch.edges.map(({ target }) => target));
  const edges =
    led.size === 0 ? graph.edges : [...graph.edges.filter(({ target }) => !led.has(target)), ...patch.edges];
  return { ...graph, nodes, edges };
}

function isOpen({ is_open = false }: FoldedNode): boolean {
  return is_open;
}
