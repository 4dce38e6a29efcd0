import { useEffect, useMemo, useRef, useState } from "react";
import type { FoldedGraph } from "./counts";
import { Layouts } from "./layout/layouts";
import type { Direction, GraphNode, Layout } from "./layout/layoutTypes";

const HEIGHT = 38;
const NARROWEST = 120;
const WIDEST = 184;
const BESIDE = 92; // what stands beside the name: mark, figure, room
const LETTER = 6.8;

/** As wide as its name needs it, in steps, so that names that are nearly as long are as wide. */
function widthOf(name: string): number {
  const wanted = BESIDE + Array.from(name).length * LETTER;
  return Math.min(WIDEST, Math.max(NARROWEST, Math.ceil(wanted / 12) * 12));
}

/** How much of a name has room beside a figure and a mark for folding. */
export function lettersOf(name: string, figure: string, isFlow: boolean): number {
  return Math.floor((widthOf(name) - 44 - figure.length * LETTER - (isFlow ? 20 : 0)) / LETTER);
}

/** What of a graph its layout depends on: the same object as long as that stays the same, whatever the counts do. */
function useShape(graph: FoldedGraph | undefined): Pick<FoldedGraph, "nodes" | "edges"> | undefined {
  const known = useRef<FoldedGraph | undefined>(undefined);
  if (!isSameShape(known.current, graph)) known.current = graph;
  return known.current;
}

function isSameShape(one: FoldedGraph | undefined, other: FoldedGraph | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.nodes.length === other.nodes.length &&
    one.edges.length === other.edges.length &&
    one.nodes.every(({ id, is_open }, at) => id === other.nodes[at]?.id && is_open === other.nodes[at]?.is_open) &&
    one.edges.every(
      ({ source, target }, at) => source === other.edges[at]?.source && target === other.edges[at]?.target,
    )
  );
}

/** The layout of a graph; null until there is one. `name` is the graph's: another one is laid out anew. */
export function useLayout(name: string, graph: FoldedGraph | undefined, direction: Direction): Layout | null {
  const [told, setTold] = useState<{ name: string; layout: Layout } | null>(null);
  const layouts = useMemo(() => new Layouts((layout) => setTold({ name, layout })), [name]);
  const shape = useShape(graph);
  useEffect(() => () => layouts.forget(), [layouts]);
  const drawn = useRef(direction);
  useEffect(() => {
    if (shape === undefined) return;
    if (drawn.current !== direction) layouts.forget();
    drawn.current = direction;
    const opened = new Set(shape.nodes.filter(({ is_open }) => is_open).map(({ id }) => id));
    const nodes = shape.nodes.map(({ id, name, is_open = false }): GraphNode => {
      const parent = id.slice(0, Math.max(0, id.lastIndexOf("/")));
      return { id, width: widthOf(name), height: HEIGHT, isOpen: is_open, ...(opened.has(parent) ? { parent } : {}) };
    });
    layouts.ask({ nodes, edges: shape.edges, direction });
  }, [layouts, shape, direction]);
  return told?.name === name ? told.layout : null;
}
