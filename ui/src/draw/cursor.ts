/** A place on x that charts and a log share: whoever points at it says so, all others mark it. */

export interface Cursor {
  /** null: nobody points anywhere. */
  readonly x: number | null;
  /** `by` hears nothing of what it says itself. */
  set(x: number | null, by: object): void;
  on(listener: (x: number | null) => void, by: object): () => void;
}

export function makeCursor(): Cursor {
  const listeners = new Map<(x: number | null) => void, object>();
  let now: number | null = null;
  return {
    get x() {
      return now;
    },
    set(x, by) {
      if (x === now) return;
      now = x;
      for (const [listener, owner] of listeners) if (owner !== by) listener(x);
    },
    on(listener, by) {
      listeners.set(listener, by);
      return () => listeners.delete(listener);
    },
  };
}
