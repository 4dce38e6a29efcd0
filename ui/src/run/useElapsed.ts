import { useState } from "react";
import { useNow } from "@/parts/useNow";

/** Seconds that go on from those the server has told, once a second, without asking it again. */
export function useElapsed(told: number, isGoingOn: boolean): number {
  const now = useNow(isGoingOn ? 1_000 : 0);
  const [since, setSince] = useState({ told, at: Date.now() });
  if (since.told !== told) setSince({ told, at: Date.now() });
  return isGoingOn ? since.told + Math.max(0, now - since.at) / 1_000 : told;
}
