/**
 * What a layout is asked and what it answers: plain values, which go to a worker and back.
 *
 * Inside, a graph runs *along* from its sources to its sinks, in layers, and each layer lies *across*. Left to right, along
 * is x; top to bottom, along is y.
 */

export interface GraphNode {
  id: string;
  width: number;
  height: number;
  /** The open fold that it lies in; absent: in none. */
  parent?: string;
  /** Its insides are nodes of their own: it is drawn around them. */
  isOpen?: boolean;
}

export interface GraphEdge {
  source: string;
  target: string;
}

export type Direction = "right" | "down";

export interface LayoutQuestion {
  /** In the order of their first calls: it breaks ties, and says which edge of a circle goes back. */
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  direction: Direction;
  /** Of the layout that is on screen: its order is kept, and its nodes move only if they must. */
  before?: Memory;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LaidEdge extends GraphEdge {
  /**
   * x, y, x, y...: from the first point a straight line to the second, from there a curve to the third, a straight line
   * to the fourth, and so on.
   */
  points: number[];
  /** It closes a circle, and is drawn as an arc from its source back to its target. */
  isBack: boolean;
}

export interface Layout {
  boxes: Record<string, Box>;
  edges: LaidEdge[];
  bounds: Box;
  direction: Direction;
  memory: Memory;
}

/** Where the vertices of each level stood: by the fold's id ("" for the graph itself), then by the vertex's. */
export type Memory = Record<string, LevelMemory>;
export type LevelMemory = Record<string, Stood>;

interface Stood {
  layer: number;
  across: number;
}
