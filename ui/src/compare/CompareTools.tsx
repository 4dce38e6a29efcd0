import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { PickOne } from "@/parts/PickOne";
import { counted } from "@/words/numbers";
import css from "./CompareTools.module.css";
import type { Compared } from "./useComparison";

const DIRECTIONS = [
  { value: "most", name: "largest is best" },
  { value: "least", name: "smallest is best" },
] as const;

/** By which metric the runs are judged, in all views, and which of them are kept by what was brushed. */
export function CompareTools({ compared }: { compared: Compared }) {
  const { metrics, metric, minimize, setMetric, setMinimize, brushes, kept, data, clearBrushes } = compared;
  const runs = data?.runs.length ?? 0;
  const chosen = Object.keys(brushes);
  if (metrics.length === 0 && chosen.length === 0) return null;
  return (
    <div className={css.tools}>
      {metrics.length > 0 && (
        <>
          <PickOne code label="judged by" value={metric} onChange={setMetric}>
            {metrics.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </PickOne>
          <Choice
            label="Which value is the best"
            options={DIRECTIONS}
            value={minimize ? "least" : "most"}
            onChange={(one) => setMinimize(one === "least")}
          />
        </>
      )}
      {chosen.length > 0 && (
        <span className={css.kept}>
          {counted(kept.size, "run")} of {runs} kept by {chosen.join(", ")}
          <Button size="small" onClick={clearBrushes}>
            Keep all
          </Button>
        </span>
      )}
    </div>
  );
}
