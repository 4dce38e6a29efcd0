import { ask } from "@/api/ask";
import type { Schemas } from "@/api/types";

export type ActionPage = Schemas["ActionPage"];

const FIRST_MS = 150;
const LONGEST_MS = 2_000;

/** Looks at an action, less and less often, until `isEnough`. Rejects with `signal`, or where the server is lost. */
export async function follow(
  action: string,
  isEnough: (page: ActionPage) => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<ActionPage> {
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.5, LONGEST_MS)) {
    const page = await ask("/actions/{action}", { in: { action }, signal });
    if (await isEnough(page)) return page;
    await pause(wait, signal);
  }
}

export const isOver = ({ state }: ActionPage): boolean => state !== "running";

/** Why it failed, in the words of the command line. */
export function lastWords({ lines, state }: ActionPage): string {
  const told = lines.map((line) => line.replace(/^penstock: /, "")).filter((line) => line.trim() !== "");
  return told.slice(-12).join("\n") || (state === "lost" ? "it was killed" : "it said nothing");
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
