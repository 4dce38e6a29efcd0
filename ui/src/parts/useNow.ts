import { useSyncExternalStore } from "react";

/**
 * The time, for what is said in terms of it: one timer for all who ask with the same pace, none while the tab is hidden.
 * 0: it stands still.
 */
export function useNow(everyMs: number): number {
  const clock = clockOf(everyMs);
  return useSyncExternalStore(clock.subscribe, clock.now);
}

interface Clock {
  now: () => number;
  subscribe: (listen: () => void) => () => void;
}

const clocks = new Map<number, Clock>();

function clockOf(everyMs: number): Clock {
  const known = clocks.get(everyMs) ?? makeClock(everyMs);
  clocks.set(everyMs, known);
  return known;
}

function makeClock(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer = 0;

  function tick(): void {
    if (document.hidden) return;
    now = Date.now();
    for (const listen of listeners) listen();
  }

  return {
    now: () => now,
    subscribe(listen) {
      if (listeners.size === 0) {
        now = Date.now();
        if (everyMs > 0) timer = window.setInterval(tick, everyMs);
        document.addEventListener("visibilitychange", tick);
      }
      listeners.add(listen);
      return () => {
        listeners.delete(listen);
        if (listeners.size > 0) return;
        window.clearInterval(timer);
        document.removeEventListener("visibilitychange", tick);
      };
    },
  };
}
