import { useCallback, useEffect, useRef } from "react";
import { useEvents } from "@/api/events";

const PAUSE_MS = 2_000;

/** Asks again when something has changed, not more often than it can be read, and only while `isWanted`: what is read
 * does not move. What came meanwhile is asked for by `look`. */
export function useChanged(topics: string[], askAgain: () => void, isWanted: () => boolean = always): () => void {
  const isStale = useRef(false);
  const timer = useRef(0);
  const latest = useRef({ askAgain, isWanted });
  useEffect(() => {
    latest.current = { askAgain, isWanted };
  });
  const look = useCallback(() => {
    if (timer.current !== 0 || !isStale.current || !latest.current.isWanted()) return;
    isStale.current = false;
    latest.current.askAgain();
  }, []);
  useEvents(topics, () => {
    isStale.current = true;
    timer.current ||= window.setTimeout(() => {
      timer.current = 0;
      look();
    }, PAUSE_MS);
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return look;
}

function always(): boolean {
  return true;
}
