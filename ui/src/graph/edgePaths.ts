/** The lines between nodes, as the text of SVG paths: one path for all lines of a kind. */

import type { Box, Direction, LaidEdge } from "./layout/layoutTypes";

/** Straight from the first point to the second, a curve to the third, straight to the fourth, and so on. */
export function pieces(points: readonly number[], direction: Direction, into: Set<string>): void {
  for (let at = 0; at + 3 < points.length; at += 2) {
    const [x1, y1, x2, y2] = points.slice(at, at + 4).map(rounded) as [number, number, number, number];
    if (x1 === x2 && y1 === y2) continue;
    if (at % 4 === 0 || (direction === "right" ? y1 === y2 : x1 === x2)) into.add(`M${x1} ${y1}L${x2} ${y2}`);
    else if (direction === "right") {
      const middle = rounded((x1 + x2) / 2);
      into.add(`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`);
    } else {
      const middle = rounded((y1 + y2) / 2);
      into.add(`M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`);
    }
  }
}

/** An arc below the nodes (to their right, where the graph runs down), with a head where it comes in. */
export function arc(from: Box, to: Box, direction: Direction): string {
  const depth = 26;
  if (direction === "right") {
    const [x1, y1] = [rounded(from.x + from.width / 2), rounded(from.y + from.height)];
    const [x2, y2] = [rounded(to.x + to.width / 2), rounded(to.y + to.height)];
    const low = Math.max(y1, y2) + depth;
    return `M${x1} ${y1}C${x1} ${low} ${x1} ${low} ${(x1 + x2) / 2} ${low}S${x2} ${low} ${x2} ${y2 + 4}m-4 5l4 -5l4 5`;
  }
  const [x1, y1] = [rounded(from.x + from.width), rounded(from.y + from.height / 2)];
  const [x2, y2] = [rounded(to.x + to.width), rounded(to.y + to.height / 2)];
  const far = Math.max(x1, x2) + depth;
  return `M${x1} ${y1}C${far} ${y1} ${far} ${y1} ${far} ${(y1 + y2) / 2}S${far} ${y2} ${x2 + 4} ${y2}m5 -4l-5 4l5 4`;
}

export type EdgeKind = "plain" | "after" | "running" | "selected" | "selectedAfter";

/** The texts of all lines, each drawn once: what a node leads to shares its way. */
export function edgePaths(
  edges: readonly LaidEdge[],
  boxes: Readonly<Record<string, Box>>,
  direction: Direction,
  kindOf: (edge: LaidEdge) => EdgeKind,
): Record<EdgeKind | "back", string> {
  const found: Record<EdgeKind | "back", Set<string>> = {
    plain: new Set(),
    after: new Set(),
    running: new Set(),
    selected: new Set(),
    selectedAfter: new Set(),
    back: new Set(),
  };
  for (const edge of edges) {
    if (!edge.isBack) {
      pieces(edge.points, direction, found[kindOf(edge)]);
      continue;
    }
    const [from, to] = [boxes[edge.source], boxes[edge.target]];
    if (from && to) found[kindOf(edge) === "selected" ? "selected" : "back"].add(arc(from, to, direction));
  }
  const text = (set: Set<string>) => [...set].join("");
  return {
    plain: text(found.plain),
    after: text(found.after),
    running: text(found.running),
    selected: text(found.selected),
    selectedAfter: text(found.selectedAfter),
    back: text(found.back),
  };
}

function rounded(value: number): number {
  return Math.round(value * 2) / 2;
}
