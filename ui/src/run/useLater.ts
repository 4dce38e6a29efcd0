import { useCallback, useEffect, useRef } from "react";

/** Calls a function soon: at once, but no more often than each so many milliseconds. */
export function useLater(everyMs: number, does: () => void): () => void {
  const latest = useRef(does);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  useEffect(() => {
    latest.current = does;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    const wait = Math.max(0, last.current + everyMs - performance.now());
    timer.current = setTimeout(() => {
      last.current = performance.now();
      latest.current();
    }, wait);
  }, [everyMs]);
}
