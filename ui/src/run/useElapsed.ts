import { useEffect, useState } from "react";

/** Seconds that go on from those the server has told, once a second, without asking it again. */
export function useElapsed(told: number, isGoingOn: boolean): number {
  const [since, setSince] = useState({ told, at: Date.now() });
  if (since.told !== told) setSince({ told, at: Date.now() });
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!isGoingOn) return;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), 1_000);
    return () => clearInterval(timer);
  }, [isGoingOn]);
  return isGoingOn ? since.told + Math.max(0, Date.now() - since.at) / 1_000 : told;
}
