import { useEvents } from "@/api/events";
import { say } from "@/parts/say";

/** Tells those who do not see it that a run has finished, once. */
export function useFinished(): void {
  useEvents(["runs"], (event) => {
    if (event.event !== "runs") return;
    for (const { run, status, created_at, tasks } of event.data) {
      // A row that is told as a whole tells how it stands, not what has happened.
      if (!run || !status || status === "running" || created_at) continue;
      say(`${run} ${status}${tasks?.failed ? `, ${tasks.failed} failed` : ""}`);
    }
  });
}
