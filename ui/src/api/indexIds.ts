import type { Schemas } from "./types";

/** All ids of an index, in order: as they are told, or from ranges of (start, step, count). */
export function idsOf(page: Pick<Schemas["IdsPage"], "ids" | "ranges">): number[] {
  if (page.ids) return page.ids;
  const ids: number[] = [];
  for (const [start = 0, step = 0, count = 0] of page.ranges ?? []) {
    for (let at = 0; at < count; at++) ids.push(start + at * step);
  }
  return ids;
}
