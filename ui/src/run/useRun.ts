import { useQueryClient } from "@tanstack/react-query";
import { addressOf } from "@/api/ask";
import { type RunPatch, useEvents } from "@/api/events";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { say } from "@/parts/say";
import { count } from "@/words/numbers";

type Page = Schemas["RunPage"];

const MOST_FAILURES = 20; // that the server names

/** A run as it stands now: counts and state change as they are told; the rest is asked for anew when they say so. */
export function useRun(run: RunRef) {
  const asked = useAsk("/runs/{flow}/{number}", { in: run });
  const queries = useQueryClient();
  const queryKey = [addressOf("/runs/{flow}/{number}", run)];
  useEvents([`run:${runName(run)}`], (event) => {
    const page = queries.getQueryData<Page>(queryKey);
    if (page === undefined) return;
    let now = page;
    if (event.event === "run.tasks") now = withCounts(page, event.data.counts);
    if (event.event === "runs") now = event.data.reduce(withPatch, page);
    if (now !== page) queries.setQueryData(queryKey, now);
    if (event.event === "reset" || isMore(page, now)) queries.invalidateQueries({ queryKey });
    if (page.run.status === "running" && now.run.status !== "running") say(endOf(now));
  });
  return asked;
}

export function withCounts(page: Page, counts: Page["counts"]): Page {
  const isSame = Object.entries(counts).every(([status, tasks]) => page.counts[status] === tasks);
  return isSame ? page : { ...page, counts };
}

export function withPatch(page: Page, { status, ended_at, duration_s, tags }: RunPatch): Page {
  const { run } = page;
  const next = {
    ...run,
    status: status ?? run.status,
    ended_at: ended_at === undefined ? run.ended_at : ended_at,
    duration_s: duration_s === undefined ? run.duration_s : duration_s,
    tags: tags ?? run.tags,
  };
  return { ...page, run: next };
}

/** Whether there is more to be known than the patches have told: why tasks failed, what the run came to. */
export function isMore(before: Page, now: Page): boolean {
  const failures = Math.min(MOST_FAILURES, now.counts.failed ?? 0);
  return before.run.status !== now.run.status || (failures !== now.failures.length && now.counts !== before.counts);
}

function endOf({ run, counts }: Page): string {
  const failed = counts.failed ?? 0;
  return `${run.id} is ${run.status}${failed > 0 ? `, ${count(failed)} failed` : ""}`;
}
