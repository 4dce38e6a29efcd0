import { useQueries } from "@tanstack/react-query";
import { ask } from "@/api/ask";
import type { Schemas } from "@/api/types";
import { digestOf, inQuery, type Value, type ValuePlace } from "./place";
import { BLOCK_COLUMNS, BLOCK_ROWS, blockKey, blocksOf, type Seen } from "./tableBlocks";

const KEPT_MS = 30_000;

export interface Cells {
  /** undefined: it is on its way. */
  at: (row: number, column: number) => unknown;
  error: Error | null;
  /** How many of the texts here were cut, and at how many characters. */
  cut: number;
  cutAt: number | null;
}

/** The cells of a stored table that are seen, in blocks that are asked for once. */
export function useCells(
  value: Value,
  place: ValuePlace,
  seen: Seen,
  size: { rows: number; columns: number },
  sort: string,
): Cells {
  const blocks = blocksOf(seen, size.rows, size.columns);
  const found = useQueries({
    queries: blocks.map((block) => ({
      queryKey: ["table", digestOf(value), place, block.offset, block.columns[0], sort],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        ask("/artifacts/{digest}/table", {
          in: { digest: digestOf(value) },
          query: { ...inQuery(place), offset: block.offset, limit: block.limit, columns: block.columns, sort },
          signal,
        }),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: KEPT_MS,
    })),
  });
  const pages = new Map<string, Schemas["TablePage"]>();
  let error: Error | null = null;
  let [cut, cutAt]: [number, number | null] = [0, null];
  for (const [at, { data, error: failed }] of found.entries()) {
    const block = blocks[at];
    error ??= failed;
    if (data === undefined || block === undefined) continue;
    pages.set(blockKey(block.offset, block.columns[0] ?? 0), data);
    cut += data.cut;
    cutAt = data.cut_at ?? cutAt;
  }
  const at = (row: number, column: number) => {
    const values = pages.get(blockKey(row, column))?.values[column % BLOCK_COLUMNS];
    return values === undefined ? undefined : (values[row % BLOCK_ROWS] ?? null);
  };
  return { at, error, cut, cutAt };
}
