import { useQueries } from "@tanstack/react-query";
import { ask } from "@/api/ask";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";

export interface Sources {
  /** By the file's place; undefined: it is on its way, or was not kept. */
  of: (place: string) => Schemas["SourcePage"] | undefined;
  error: Error | null;
  isPending: boolean;
}

/** Files of a run's code, each asked for once. `run` null: none. */
export function useSources(run: RunRef | null, places: readonly string[]): Sources {
  const found = useQueries({
    queries: (run === null ? [] : places).map((place) => ({
      queryKey: ["source", run === null ? "" : runName(run), place],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        ask("/runs/{flow}/{number}/source", { in: { ...(run ?? { flow: "", number: 0 }) }, query: { place }, signal }),
      retry: false,
    })),
  });
  const known = new Map(places.map((place, at) => [place, found[at]?.data]));
  return {
    of: (place) => known.get(place),
    error: found.find((one) => one.error)?.error ?? null,
    isPending: found.some((one) => one.isPending),
  };
}
