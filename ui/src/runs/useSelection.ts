import { useCallback, useMemo } from "react";
import { navigate } from "wouter/use-browser-location";
import { ask } from "@/api/ask";
import { withQuery } from "@/api/names";
import { useParam } from "@/app/useParam";
import { runRows } from "./runRows";

interface Selection {
  /** In the order in which they were selected: by its place among them a run has its colour. */
  selected: ReadonlySet<number>;
  placeOf: (id: number) => number | undefined;
  select: (ids: readonly number[], isSelected: boolean) => void;
  clear: () => void;
  compare: () => void;
}

/** The runs that are selected: they stand in the address. */
export function useSelection(): Selection {
  const [text, setText] = useParam("selected", "");
  const selected = useMemo(() => new Set(text.split(",").filter(Boolean).map(Number)), [text]);
  const places = useMemo(() => new Map([...selected].map((id, place) => [id, place])), [selected]);
  const placeOf = useCallback((id: number) => places.get(id), [places]);
  const select = useCallback(
    (ids: readonly number[], isSelected: boolean) => {
      const next = new Set(selected);
      for (const id of ids) {
        if (isSelected) next.add(id);
        else next.delete(id);
      }
      setText([...next].join(","), { replace: true });
    },
    [selected, setText],
  );
  const clear = useCallback(() => setText("", { replace: true }), [setText]);
  const compare = useCallback(async () => {
    if (selected.size < 2) return;
    navigate(withQuery("/compare", { runs: (await namesOf([...selected])).join(",") }));
  }, [selected]);
  return { selected, placeOf, select, clear, compare };
}

/** What runs are called; those that are gone are left out. */
async function namesOf(ids: number[]): Promise<string[]> {
  const known = new Map(ids.map((id) => [id, runRows.get(id)?.line.run]));
  const missing = ids.filter((id) => known.get(id) === undefined);
  if (missing.length > 0) {
    const { rows } = await ask("/runs", { query: { ids: missing } });
    for (const { id, run } of rows) known.set(id, run);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}
