/** Where an arrow key leads from a node, and which node a reader wants to see first. */

import { type FoldedGraph, statusOf } from "./counts";
import type { Box, Direction, Layout } from "./layout/layoutTypes";

export type Arrow = "Left" | "Right" | "Up" | "Down";

/** The node that an arrow leads to: along an edge where there is one that way, else the nearest that way; null: none. */
export function walked(from: string, arrow: Arrow, { boxes, edges, direction }: Layout): string | null {
  const box = boxes[from];
  if (box === undefined) return null;
  const alongEdge = edges.flatMap(({ source, target, isBack }) => {
    if (isBack) return [];
    if (arrow === forwards(direction) && source === from) return [target];
    return arrow === backwards(direction) && target === from ? [source] : [];
  });
  const all = Object.keys(boxes).filter((id) => id !== from && !isAround(id, from) && !isAround(from, id));
  return nearest(box, arrow, boxes, alongEdge) ?? nearest(box, arrow, boxes, all);
}

function forwards(direction: Direction): Arrow {
  return direction === "right" ? "Right" : "Down";
}

function backwards(direction: Direction): Arrow {
  return direction === "right" ? "Left" : "Up";
}

function isAround(outer: string, inner: string): boolean {
  return inner.startsWith(`${outer}/`);
}

/** Sideways counts double: who presses → wants to go right. */
function nearest(from: Box, arrow: Arrow, boxes: Layout["boxes"], ids: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const to = boxes[id];
    if (to === undefined) continue;
    const dx = to.x + to.width / 2 - (from.x + from.width / 2);
    const dy = to.y + to.height / 2 - (from.y + from.height / 2);
    const [ahead, aside] = { Left: [-dx, dy], Right: [dx, dy], Up: [-dy, dx], Down: [dy, dx] }[arrow] as [
      number,
      number,
    ];
    if (ahead <= 1) continue;
    const distance = ahead + 2 * Math.abs(aside);
    if (distance < least) [best, least] = [id, distance];
  }
  return best;
}

/** The nodes with failed tasks, in the order of their first calls. */
export function failedNodes(graph: FoldedGraph): string[] {
  return graph.nodes.filter(({ counts, is_open }) => !is_open && (counts.failed ?? 0) > 0).map(({ id }) => id);
}

/** What the first view is about: the first failure, else what runs, else the begin; null: there is nothing. */
export function focusOf(graph: FoldedGraph): string | null {
  const running = graph.nodes.find(({ counts, is_open }) => !is_open && statusOf(counts) === "running");
  return failedNodes(graph)[0] ?? running?.id ?? graph.nodes[0]?.id ?? null;
}
