import { type RefObject, useCallback, useLayoutEffect, useRef } from "react";
import { useKeys } from "@/app/keys";

interface TableKeys {
  ids: readonly number[];
  cursor: number | null;
  onCursor: (id: number) => void;
  onOpen: (id: number) => void;
  selected?: ReadonlySet<number>;
  onSelect?: (ids: readonly number[], isSelected: boolean) => void;
}

/** Moves a cursor over rows, and selects by it. The row at the cursor has the focus, so that it is read aloud. */
export function useTableKeys(
  table: TableKeys,
  scrollTo: (index: number) => void,
  within: RefObject<HTMLElement | null>,
) {
  const latest = useRef(table);
  const anchor = useRef<number | null>(null);
  const wanted = useRef<number | null>(null);
  const held = useRef<HTMLElement | null>(null);

  useLayoutEffect(() => {
    latest.current = table;
    const { cursor } = table;
    // What had the focus may have gone with a row that has come anew.
    const isLost = held.current?.isConnected === false && document.activeElement === document.body;
    if (cursor === null || !within.current || (wanted.current !== cursor && !isLost)) return;
    const place = within.current;
    if (focus(place, cursor)) return;
    // The row comes into the page by scrolling, or stands there empty until the server has answered.
    const comes = new MutationObserver(() => focus(place, cursor) && comes.disconnect());
    comes.observe(place, { childList: true, subtree: true });
    return () => comes.disconnect();
  });

  function focus(place: HTMLElement, cursor: number): boolean {
    const open = place.querySelector<HTMLElement>(`[data-id="${cursor}"] [data-open]`);
    if (!open) return false;
    wanted.current = null;
    held.current = open;
    open.focus({ preventScroll: true });
    return true;
  }

  const goTo = useCallback((id: number) => latest.current.onCursor(id), []);

  const toggle = useCallback((id: number, isRange: boolean) => {
    const { ids, selected, onSelect } = latest.current;
    if (!selected || !onSelect || id < 0) return;
    const from = anchor.current === null ? -1 : ids.indexOf(anchor.current);
    if (isRange && from >= 0) {
      const to = ids.indexOf(id);
      onSelect(
        ids.slice(Math.min(from, to), Math.max(from, to) + 1).filter((one) => one >= 0),
        true,
      );
    } else {
      onSelect([id], !selected.has(id));
    }
    anchor.current = id;
  }, []);

  function move(to: (at: number) => number): void {
    const { ids, cursor, onCursor } = latest.current;
    const at = cursor === null ? -1 : ids.indexOf(cursor);
    const index = Math.min(Math.max(to(at), 0), ids.length - 1);
    const id = ids[index];
    if (id === undefined) return;
    wanted.current = id;
    onCursor(id);
    scrollTo(index);
  }

  function atCursor(does: (id: number) => void): () => void {
    return () => {
      if (latest.current.cursor !== null) does(latest.current.cursor);
    };
  }

  const group = "Table";
  const next = { does: "Next row", group, run: () => move((at) => at + 1) };
  const before = { does: "Row before", group, run: () => move((at) => at - 1) };
  useKeys({
    j: next,
    k: before,
    Down: next,
    Up: before,
    "g g": { does: "First row", group, run: () => move(() => 0) },
    G: { does: "Last row", group, run: () => move(() => Number.MAX_SAFE_INTEGER) },
    Enter: { does: "Open", group, run: atCursor((id) => latest.current.onOpen(id)) },
    ...(table.selected && {
      x: { does: "Select", group, run: atCursor((id) => toggle(id, false)) },
      X: { does: "Select up to here", group, run: atCursor((id) => toggle(id, true)) },
    }),
  });
  return { toggle, goTo };
}
