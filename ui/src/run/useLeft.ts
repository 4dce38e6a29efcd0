import { useEffect, useMemo } from "react";
import type { Schemas } from "@/api/types";
import { useNow } from "@/parts/useNow";
import { Pace, roughly } from "./pace";

/** About how long a run will go on, of the tasks that it has called so far; "": that is not known. */
export function useLeft({ run, counts }: Schemas["RunPage"]): string {
  const pace = useMemo(() => new Pace(), []);
  const remaining = (counts.waiting ?? 0) + (counts.running ?? 0);
  const settled = Object.values(counts).reduce((sum, tasks) => sum + tasks, 0) - remaining;
  useEffect(() => pace.note(settled, Date.now() / 1_000), [pace, settled]);
  const now = useNow(2_000) / 1_000;
  if (run.status !== "running") return "";
  const left = pace.left(remaining, now);
  return left === null ? "" : roughly(left);
}
