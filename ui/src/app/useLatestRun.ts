import { useQueryClient } from "@tanstack/react-query";
import { navigate } from "wouter/use-browser-location";
import { ask } from "@/api/ask";
import { runAddress } from "@/api/names";
import { say } from "@/parts/say";

/** Opens the run that was begun last, of any flow. */
export function useLatestRun(): () => void {
  const queries = useQueryClient();
  return () => {
    queries
      .fetchQuery({ queryKey: ["latest run"], queryFn: () => ask("/runs", { query: { limit: 1 } }), staleTime: 0 })
      .then(({ rows: [row] }) => (row ? navigate(runAddress(row)) : say("no runs yet")))
      .catch((error: Error) => say(error.message));
  };
}
