import { useCallback, useEffect, useMemo } from "react";
import { createLoader } from "@/api/rowLoader";
import { loadCurves, loadRows, runCurves, runRows } from "./runRows";

interface SeenRuns {
  /** What is on screen. */
  seen: (ids: readonly number[]) => void;
  /** What has changed: asked for again where it is on screen. */
  changed: (ids: Iterable<number>) => void;
}

/** Loads rows and curves of the runs that are on screen. */
export function useRunRows(columns: readonly string[], curves: readonly string[]): SeenRuns {
  const columnsKey = columns.join(",");
  const curvesKey = curves.join(",");
  const rows = useMemo(
    () =>
      createLoader({
        has: (id) => runRows.get(id)?.columns === columnsKey,
        load: (ids, signal) => loadRows(ids, columnsKey ? columnsKey.split(",") : [], signal),
      }),
    [columnsKey],
  );
  const lines = useMemo(
    () =>
      createLoader({
        has: (id) => curvesKey === "" || runCurves.get(id)?.metrics === curvesKey,
        load: (ids, signal) => loadCurves(ids, curvesKey.split(","), signal),
        most: 25,
      }),
    [curvesKey],
  );
  useEffect(() => () => rows.stop(), [rows]);
  useEffect(() => () => lines.stop(), [lines]);
  const seen = useCallback(
    (ids: readonly number[]) => {
      const runs = ids.filter((id) => id >= 0);
      rows.want(runs);
      if (curvesKey) lines.want(runs);
    },
    [rows, lines, curvesKey],
  );
  const changed = useCallback(
    (ids: Iterable<number>) => {
      const all = [...ids];
      rows.again(all);
      if (curvesKey) lines.again(all);
    },
    [rows, lines, curvesKey],
  );
  return { seen, changed };
}
