import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  title: ReactNode;
  /** What can be done with the column, beside its title. */
  action?: ReactNode;
  /** Pixels that it has at least, and its share of what is left over. */
  width: number;
  grow?: number;
  /** Numbers stand at the right. */
  end?: boolean;
  /** What the server sorts by for it; none: the table is not sorted by it. */
  sort?: string;
  /** How the first click sorts; the second turns it. */
  downFirst?: boolean;
  cell: (row: Row, id: number) => ReactNode;
}

export const GAP = 16;
export const MARGIN = 20;
const CHECK = 20;

/** Tracks of the grid that head and rows share, and the width below which the table scrolls sideways. */
export function tracksOf<Row>(
  columns: readonly Column<Row>[],
  hasChecks: boolean,
): { tracks: string; minWidth: number } {
  const sizes = columns.map(({ width, grow }) => (grow ? `minmax(${width}px, ${grow}fr)` : `${width}px`));
  const checks = hasChecks ? [`${CHECK}px`] : [];
  const widths = columns.reduce((sum, { width }) => sum + width, hasChecks ? CHECK : 0);
  const gaps = GAP * (columns.length - 1 + checks.length);
  return { tracks: [...checks, ...sizes].join(" "), minWidth: widths + gaps + 2 * MARGIN };
}

/** What a click on a head asks for: `sort` is what stands now, "-" before it the largest first. */
export function sortAfter(column: Pick<Column<never>, "sort" | "downFirst">, sort: string): string {
  const name = column.sort ?? "";
  const first = column.downFirst ? `-${name}` : name;
  const second = column.downFirst ? name : `-${name}`;
  return sort === first ? second : first;
}

export function sortedHow(column: Pick<Column<never>, "sort">, sort: string): "ascending" | "descending" | undefined {
  if (!column.sort || sort.replace(/^-/, "") !== column.sort) return undefined;
  return sort.startsWith("-") ? "descending" : "ascending";
}
