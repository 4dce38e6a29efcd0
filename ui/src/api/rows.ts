import { useCallback, useSyncExternalStore } from "react";

/** Rows of a table by their ids, each listened to by itself: a patch draws one row, not the table. */
export interface Rows<T> {
  get(id: number): T | undefined;
  put(rows: Iterable<[number, T]>): void;
  /** Changes fields of a row that is known; of others nothing is kept. True where it is known. */
  patch(id: number, fields: Partial<T>): boolean;
  subscribe(id: number, listener: () => void): () => void;
  clear(): void;
}

/** At most `most` rows are kept: of those that nobody listens to, the ones that were put longest ago go. */
export function createRows<T>(most = 5_000): Rows<T> {
  const rows = new Map<number, T>();
  const listeners = new Map<number, Set<() => void>>();

  const tell = (id: number) => {
    for (const listener of listeners.get(id) ?? []) listener();
  };
  const set = (id: number, row: T) => {
    rows.delete(id);
    rows.set(id, row);
    tell(id);
  };
  const forget = () => {
    for (const id of rows.keys()) {
      if (rows.size <= most) return;
      if (!listeners.has(id)) rows.delete(id);
    }
  };

  return {
    get: (id) => rows.get(id),
    put(found) {
      for (const [id, row] of found) set(id, row);
      forget();
    },
    patch(id, fields) {
      const row = rows.get(id);
      if (row === undefined) return false;
      set(id, { ...row, ...fields });
      return true;
    },
    subscribe(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(id) === all) listeners.delete(id);
      };
    },
    clear() {
      rows.clear();
      for (const id of listeners.keys()) tell(id);
    },
  };
}

/** The row, drawn again when it changes; undefined until it is put. */
export function useRow<T>(rows: Rows<T>, id: number): T | undefined {
  const subscribe = useCallback((listener: () => void) => rows.subscribe(id, listener), [rows, id]);
  return useSyncExternalStore(subscribe, () => rows.get(id));
}
