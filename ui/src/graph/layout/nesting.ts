/** Which nodes and edges are of which level: the graph itself (""), and each open fold by its id. */

import type { Pair } from "./layers";
import type { GraphEdge, GraphNode } from "./layoutTypes";

/** The nodes through which edges come into a fold, and go out of it. No node of a run is called so. */
export const GATE_IN = "\0in";
export const GATE_OUT = "\0out";

interface LevelParts {
  ids: string[];
  pairs: Pair[];
}

/** A part of an edge's way: the pair of a level. */
interface Passage {
  fold: string;
  pair: number;
}

interface Nesting {
  /** Outer levels first. */
  levels: Map<string, LevelParts>;
  /** Of each edge; empty: it leads from a fold to what is inside of that, and is not drawn. */
  passages: Passage[][];
}

export function nested(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Nesting {
  const open = new Map(nodes.filter(({ isOpen }) => isOpen).map((node) => [node.id, node]));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parentOf = ({ parent = "" }: GraphNode) => (open.has(parent) ? parent : "");
  const builders = new Map<string, LevelBuilder>([["", new LevelBuilder()]]);
  const byDepth = [...open.values()].sort((one, other) => depthOf(one) - depthOf(other));
  for (const { id } of byDepth) builders.set(id, new LevelBuilder());
  for (const node of nodes) builders.get(parentOf(node))?.number(node.id);

  function depthOf(node: GraphNode): number {
    const parent = open.get(parentOf(node));
    return parent === undefined ? 0 : depthOf(parent) + 1;
  }

  /** The node, and the folds around it, the innermost first. */
  function around(id: string): string[] {
    const found: string[] = [];
    for (let node = byId.get(id); node !== undefined; node = open.get(parentOf(node))) found.push(node.id);
    return found;
  }

  const passages = edges.map(({ source, target }) => {
    const from = around(source);
    const to = around(target);
    if (from.length === 0 || to.length === 0) return [];
    let shared = 0;
    while (shared < Math.min(from.length, to.length) && from.at(-1 - shared) === to.at(-1 - shared)) shared++;
    const out = from.slice(0, from.length - shared);
    const into = to.slice(0, to.length - shared);
    if (out.length === 0 || into.length === 0) return [];
    const pass = (fold: string, one: string, other: string): Passage => ({
      fold,
      pair: builders.get(fold)?.pair(one, other) ?? 0,
    });
    const outwards = out.slice(0, -1).map((id, at) => pass(out[at + 1] as string, id, GATE_OUT));
    const common = shared > 0 ? (from.at(-shared) as string) : "";
    const across = pass(common, out.at(-1) as string, into.at(-1) as string);
    const inwards = into.slice(0, -1).map((id, at) => pass(into[at + 1] as string, GATE_IN, id));
    return [...outwards, across, ...inwards.reverse()];
  });
  return { levels: new Map([...builders].map(([fold, { ids, pairs }]) => [fold, { ids, pairs }])), passages };
}

class LevelBuilder implements LevelParts {
  readonly ids: string[] = [];
  readonly pairs: Pair[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<string, number>();

  number(id: string): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    this.numbers.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }

  pair(source: string, target: string): number {
    const pair: Pair = [this.number(source), this.number(target)];
    const key = pair.join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, this.pairs.length);
    return this.pairs.push(pair) - 1;
  }
}
