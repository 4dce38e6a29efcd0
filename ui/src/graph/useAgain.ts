import { useEffect, useRef } from "react";

const APART_MS = 2_000;

/** Calls `again` as `seen` changes, at once and then at most every two seconds, and for the last change in any case. */
export function useAgain(seen: number, again: () => unknown): void {
  const latest = useRef(again);
  latest.current = again;
  const known = useRef(seen);
  const calledAt = useRef(0);
  useEffect(() => {
    if (known.current === seen) return;
    const wait = Math.max(0, calledAt.current + APART_MS - Date.now());
    const timer = setTimeout(() => {
      known.current = seen;
      calledAt.current = Date.now();
      latest.current();
    }, wait);
    return () => clearTimeout(timer);
  }, [seen]);
}
