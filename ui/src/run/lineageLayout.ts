/** Runs before and after a run, in columns by how far they are, with what went from one to another. */

import type { Schemas } from "@/api/types";

interface PlacedRun {
  run: Schemas["LineageRun"];
  x: number;
  y: number;
}

interface PlacedEdge {
  edge: Schemas["LineageEdge"];
  path: string;
  /** It begins or ends at the run that was asked about. */
  isOwn: boolean;
}

interface LineageLayout {
  width: number;
  height: number;
  runs: readonly PlacedRun[];
  edges: readonly PlacedEdge[];
  /** Runs that have no room in their column. */
  hidden: number;
}

export const RUN_WIDTH = 188;
export const RUN_HEIGHT = 34;
const COLUMN = RUN_WIDTH + 92;
const ROW = RUN_HEIGHT + 10;
const MOST = 12;

export function lineageLayout({ runs, edges }: Schemas["RunLineage"]): LineageLayout {
  const columns = new Map<number, Schemas["LineageRun"][]>();
  for (const run of runs) columns.set(run.distance, [...(columns.get(run.distance) ?? []), run]);
  const distances = [...columns.keys()].sort((one, other) => one - other);
  const tallest = Math.max(...[...columns.values()].map((column) => Math.min(MOST, column.length)), 1);
  const height = tallest * ROW - (ROW - RUN_HEIGHT);
  const placed = new Map<string, PlacedRun>();
  for (const [at, distance] of distances.entries()) {
    const column = (columns.get(distance) ?? []).slice(0, MOST);
    const top = (height - (column.length * ROW - (ROW - RUN_HEIGHT))) / 2;
    for (const [row, run] of column.entries()) placed.set(run.run, { run, x: at * COLUMN, y: top + row * ROW });
  }
  const drawn = edges.flatMap((edge): PlacedEdge[] => {
    const [source, target] = [placed.get(edge.source), placed.get(edge.target)];
    if (source === undefined || target === undefined) return [];
    return [{ edge, path: curve(source, target), isOwn: source.run.distance === 0 || target.run.distance === 0 }];
  });
  const width = Math.max(0, distances.length - 1) * COLUMN + RUN_WIDTH;
  return { width, height, runs: [...placed.values()], edges: drawn, hidden: runs.length - placed.size };
}

/** From the right of one to the left of the other; within a column, around its side. */
function curve(source: PlacedRun, target: PlacedRun): string {
  const [y1, y2] = [source.y + RUN_HEIGHT / 2, target.y + RUN_HEIGHT / 2];
  if (source.x === target.x) {
    const x = source.x + RUN_WIDTH;
    return `M${x} ${y1}C${x + 36} ${y1} ${x + 36} ${y2} ${x} ${y2}`;
  }
  const forward = source.x < target.x;
  const [x1, x2] = forward ? [source.x + RUN_WIDTH, target.x] : [source.x, target.x + RUN_WIDTH];
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

const KINDS: Record<string, [one: string, many: string]> = {
  fork: ["forked", "forked"],
  reuse: ["result reused", "results reused"],
  value: ["value given", "values given"],
};

/** "3 results reused". */
export function edgeWords({ kind, count }: Schemas["LineageEdge"]): string {
  const [one, many] = KINDS[kind] ?? [kind, kind];
  return kind === "fork" ? one : `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
