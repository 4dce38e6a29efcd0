import { useEffect, useMemo } from "react";
import { useAsk } from "@/api/useAsk";
import { runRows } from "./runRows";

const NONE: readonly number[] = [];

/** The best of the runs of a filter, `best` being how the server sorts; none where "" or where no run has the metric. */
export function useBest(filter: string, best: string, columns: readonly string[]): readonly number[] {
  const query = { filter, sort: best, limit: 1, columns: [...columns] };
  const { data } = useAsk("/runs", { query }, { skip: !best, keep: true });
  const line = best ? data?.rows[0] : undefined;
  const words = columns.join(",");
  useEffect(() => {
    if (line) runRows.put([[line.id, { line, seenAt: Date.now(), columns: words }]]);
  }, [line, words]);
  const id = line && Object.hasOwn(line.values, best.replace(/^-/, "")) ? line.id : null;
  return useMemo(() => (id === null ? NONE : [id]), [id]);
}
