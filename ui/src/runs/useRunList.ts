import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { ApiError } from "@/api/ask";
import { idsOf } from "@/api/indexIds";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { withoutStatuses } from "./filterText";
import { forkTree } from "./forkTree";
import { useGroups } from "./useGroups";
import { useLiveIds } from "./useLiveIds";

type ColumnsPage = Schemas["ColumnsPage"];

export interface Asked {
  filter: string;
  sort: string;
  /** "": not grouped; "forks": as a tree. */
  by: string;
}

const NO_COLUMNS: ColumnsPage = { params: [], metrics: [], partial: false };
const NO_IDS: number[] = [];
const NO_PAIRS: number[][] = [];
const FLAT: ReadonlyMap<number, number> = new Map();

/** Which runs a table has, in which order, and what else is told of all of them. */
export function useRunList({ filter, sort, by }: Asked) {
  const queries = useQueryClient();
  const isTree = by === "forks";
  const index = useAsk("/runs:index", { query: { filter, sort } }, { keep: true });
  const known = useLast(index.data); // also while a filter is wrong
  const names = useAsk("/runs:columns", { query: { filter } }, { keep: true });
  const facets = useAsk("/runs:facets", { query: { filter: withoutStatuses(filter) } }, { keep: true });
  const forks = useAsk("/runs:forks", {}, { skip: !isTree });
  const groups = useGroups(filter, sort, isTree ? "" : by);

  const latest = useMemo(() => (known ? idsOf(known) : NO_IDS), [known]);
  const lastNames = useLast(names.data) ?? NO_COLUMNS;
  const lastFacets = useLast(facets.data);
  const pairs = forks.data?.pairs ?? NO_PAIRS;
  const tree = useMemo(() => (isTree ? forkTree(latest, pairs) : null), [isTree, latest, pairs]);
  const isGrouped = by !== "" && !isTree;
  const question = index.error ? "wrong" : `${filter}\n${sort}\n${by}`;
  const live = useLiveIds(tree?.ids ?? latest, question, sort);

  const askAgain = useCallback(() => {
    void queries.invalidateQueries({
      predicate: ({ queryKey: [key] }) => /\/(runs[:?]|filter:parts)/.test(String(key)),
    });
  }, [queries]);

  return {
    isReady: ![index, names, facets].some((one) => one.isPending),
    error: (index.error ?? groups.error) as ApiError | null,
    total: known?.total ?? 0,
    notes: known?.notes ?? [],
    isPartial: known?.partial ?? false,
    revision: known?.revision,
    names: lastNames,
    statuses: lastFacets?.statuses ?? [],
    depths: tree?.depths ?? FLAT,
    ids: isGrouped ? groups.ids : live.ids,
    groups,
    live,
    askAgain,
  };
}

/** The latest value that there was. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}
