import { useMemo } from "react";
import { useParam } from "@/app/useParam";
import { askedFor, columnsOf, joinedParams, usualColumns } from "./columns";
import { tableColumns } from "./runColumns";
import { useBest } from "./useBest";
import type { useRunList } from "./useRunList";
import { useRunRows } from "./useRunRows";

/** The columns of a table of runs, as the address says, and what fills them. */
export function useRunColumns(filter: string, { isReady, names, total, depths }: ReturnType<typeof useRunList>) {
  const [words, setWords] = useParam("columns", "");
  const [hide, setHide] = useParam("hide", "");
  const [best, setBest] = useParam("best", "");
  const hidden = useMemo(() => new Set(hide.split(",").filter(Boolean)), [hide]);
  const shown = useMemo(() => columnsOf(words || usualColumns(names), names), [words, names]);
  const joined = useMemo(() => joinedParams(names, total, shown), [names, total, shown]);
  const columns = useMemo(
    () => tableColumns({ shown, joined, hidden, depths, best, onBest: setBest }),
    [shown, joined, hidden, depths, best, setBest],
  );
  const asked = useMemo(() => askedFor(shown, joined), [shown, joined]);
  const curves = useMemo(() => shown.filter(({ which }) => which === "curve").map(({ name }) => name), [shown]);
  const pinned = useBest(filter, isReady ? best : "", asked);
  const { seen, changed } = useRunRows(asked, curves);
  const panel = {
    shown,
    onShown: setWords,
    hidden,
    onHidden: (next: ReadonlySet<string>) => setHide([...next].join(",")),
  };
  return { shown, columns, pinned, seen, changed, panel };
}
