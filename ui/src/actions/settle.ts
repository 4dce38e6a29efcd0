import { useQueryClient } from "@tanstack/react-query";
import { addressOf } from "@/api/ask";
import type { RunRef } from "@/api/names";

/** Has what the page shows of these runs, and of lists of runs, asked for again. */
export function useSettle(): (runs: RunRef[]) => void {
  const queries = useQueryClient();
  return (runs) => {
    const lists = ["/api/v1/runs:", "/api/v1/runs?"];
    const ours = [...lists, ...runs.map(({ flow, number }) => addressOf("/runs/{flow}/{number}", { flow, number }))];
    void queries.invalidateQueries({
      predicate: ({ queryKey: [key] }) => ours.some((one) => String(key).startsWith(one)),
    });
  };
}
