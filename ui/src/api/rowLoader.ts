/** Asks for the rows that are on screen: one request at a time, and after it for what is seen by then. */

interface RowLoader {
  /** What is on screen now. What was asked for before and is not begun is asked for no more. */
  want(ids: readonly number[]): void;
  /** Ask again for those of them that are on screen: they have changed. */
  again(ids: Iterable<number>): void;
  stop(): void;
}

interface LoaderOptions {
  /** Whether a row is there, as it is to be shown. */
  has(id: number): boolean;
  load(ids: number[], signal: AbortSignal): Promise<void>;
  failed?(error: unknown): void;
  most?: number;
  pauseMs?: number;
}

const MOST = 100;
const PAUSE_MS = 2_000; // after what failed

export function createLoader({ has, load, failed, most = MOST, pauseMs = PAUSE_MS }: LoaderOptions): RowLoader {
  const stopped = new AbortController();
  const stale = new Set<number>();
  let wanted: readonly number[] = [];
  let isLoading = false;

  async function loadOn(): Promise<void> {
    if (isLoading) return;
    isLoading = true;
    while (!stopped.signal.aborted) {
      const ids = wanted.filter((id) => stale.has(id) || !has(id)).slice(0, most);
      if (ids.length === 0) break;
      for (const id of ids) stale.delete(id);
      try {
        await load(ids, stopped.signal);
        const lacking = new Set(ids.filter((id) => !has(id)));
        if (lacking.size > 0) wanted = wanted.filter((id) => !lacking.has(id)); // gone: not asked for in a circle
      } catch (error) {
        if (stopped.signal.aborted) break;
        failed?.(error);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    isLoading = false;
  }

  return {
    want(ids) {
      wanted = ids;
      void loadOn();
    },
    again(ids) {
      for (const id of ids) stale.add(id);
      void loadOn();
    },
    stop() {
      stopped.abort();
    },
  };
}
