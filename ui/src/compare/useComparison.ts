import { useMemo } from "react";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import type { Span } from "@/draw/scales";
import { isLessBetter } from "@/words/better";
import { keptBy, readBrushes, writeBrushes } from "./brushes";
import { itemsOf, metricsOf } from "./comparison";

const NOBODY: never[] = [];

/** The runs that are compared, how they differ, by which metric they are judged, and which are kept by what was brushed:
 * all of it stands in the address. */
export function useComparison() {
  const [text, setText] = useParam("runs", "");
  const [chosen, setMetric] = useParam("metric", "");
  const [turned, setTurned] = useParam("best", "");
  const [brush, setBrush] = useParam("brush", "");
  const names = useMemo(() => [...new Set(text.split(",").filter(Boolean))], [text]);
  const skip = names.length < 2;

  const plain = useAsk("/compare", { query: { runs: names } }, { skip, keep: true });
  const metrics = useMemo(() => (plain.data ? metricsOf(plain.data) : []), [plain.data]);
  const metric = metrics.includes(chosen) ? chosen : (metrics[0] ?? "");
  const minimize = turned === "least" || (turned === "" && isLessBetter(metric));
  const judged = useAsk(
    "/compare",
    { query: { runs: names, metric, minimize } },
    { skip: skip || !metric, keep: true },
  );
  const data = (metric ? judged.data : undefined) ?? plain.data;

  const items = useMemo(() => (data ? itemsOf(data) : []), [data]);
  const brushes = useMemo(() => readBrushes(brush), [brush]);
  const runs = data?.runs ?? NOBODY;
  const kept = useMemo(() => keptBy(brushes, items, runs), [brushes, items, runs]);
  return {
    names,
    data,
    error: plain.error ?? judged.error,
    isPending: plain.isPending || (metric !== "" && judged.isPending),
    items,
    metrics,
    metric,
    minimize,
    setMetric: (name: string) => setMetric(name === metrics[0] ? "" : name),
    setMinimize: (isLess: boolean) => setTurned(isLess === isLessBetter(metric) ? "" : isLess ? "least" : "most"),
    drop: (name: string) => setText(names.filter((one) => one !== name).join(",")),
    brushes,
    kept,
    setBrush: (name: string, span: Span | null) => {
      const { [name]: _, ...others } = brushes;
      setBrush(writeBrushes(span ? { ...others, [name]: span } : others), { replace: true });
    },
    clearBrushes: () => setBrush(""),
  };
}

export type Compared = ReturnType<typeof useComparison>;
