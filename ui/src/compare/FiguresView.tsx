import { parseRun } from "@/api/names";
import { Displays } from "@/values/Displays";
import css from "./FiguresView.module.css";
import { RunLink } from "./RunChips";
import { Swatch } from "./Swatch";
import type { Compared } from "./useComparison";

/** What the runs displayed, side by side. */
export function FiguresView({ compared }: { compared: Compared }) {
  const { data, kept } = compared;
  return (
    <div className={css.runs}>
      {data?.runs.map(({ id }, place) => {
        const run = parseRun(id);
        return (
          kept.has(place) &&
          run && (
            <section key={id} className={css.run} aria-label={`Displays of ${id}`}>
              <h2 className={css.head}>
                <Swatch place={place} /> <RunLink name={id} />
              </h2>
              <Displays of={run} />
            </section>
          )
        );
      })}
    </div>
  );
}
