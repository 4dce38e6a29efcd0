import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { addressOf, ask } from "@/api/ask";
import { idsOf } from "@/api/indexIds";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { withWord } from "./filterText";

export type GroupLine = Schemas["GroupLine"];

interface Groups {
  /** Heads of groups as negative ids, and behind those that are open their runs. */
  ids: readonly number[];
  groupOf: (id: number) => GroupLine | undefined;
  isOpen: (group: GroupLine) => boolean;
  turn: (group: GroupLine) => void;
  error: Error | null;
}

const NO_GROUPS: GroupLine[] = [];
const BETWEEN = " | ";

/** The runs of a filter by what they have in common. `by` "": they are not grouped. */
export function useGroups(filter: string, sort: string, by: string): Groups {
  const [open, setOpen] = useParam("open", "");
  const asked = useAsk("/runs:groups", { query: { filter, by } }, { skip: !by, keep: true });
  const groups = (by && asked.data?.rows) || NO_GROUPS;
  const opened = useMemo(() => new Set(open.split(BETWEEN).filter(Boolean)), [open]);
  const isOpen = useCallback((group: GroupLine) => opened.has(group.term), [opened]);
  const wanted = groups.filter(isOpen);
  const parts = useQueries({
    queries: wanted.map(({ term }) => {
      const query = { filter: withWord(filter, term), sort };
      return {
        queryKey: [addressOf("/runs:index", {}, query)],
        queryFn: ({ signal }: { signal: AbortSignal }) => ask("/runs:index", { query, signal }),
      };
    }),
    combine: (all) => all.map(({ data }) => data),
  });
  const ids = useMemo(() => {
    const inside = new Map(wanted.map(({ term }, at) => [term, parts[at]]));
    return groups.flatMap((group, at) => {
      const page = inside.get(group.term);
      return [-at - 1, ...(page ? idsOf(page) : [])];
    });
  }, [groups, wanted, parts]);
  const groupOf = useCallback((id: number) => groups[-id - 1], [groups]);
  const turn = useCallback(
    ({ term }: GroupLine) => {
      const next = opened.has(term) ? [...opened].filter((one) => one !== term) : [...opened, term];
      setOpen(next.join(BETWEEN), { replace: true });
    },
    [opened, setOpen],
  );
  return { ids, groupOf, isOpen, turn, error: asked.error };
}
