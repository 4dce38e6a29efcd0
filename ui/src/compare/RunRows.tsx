import { percent } from "@/words/numbers";
import css from "./DiffersView.module.css";
import { RunLink } from "./RunChips";
import { Swatch, seriesVar } from "./Swatch";
import type { Compared } from "./useComparison";
import { ValueCell } from "./ValueCell";

const MOST = 24;
const SHOWN = ["metric", "parameter", "seed", "code"];

/** Many runs: each is a row, the best of the metric first. */
export function RunRows({ compared }: { compared: Compared }) {
  const { data, items, kept, metric, minimize } = compared;
  const columns = items.filter(({ kind }) => SHOWN.includes(kind)).slice(0, MOST);
  const judged = items.find(({ kind, name }) => kind === "metric" && name === metric);
  const of = (place: number) => judged?.numbers?.[place];
  const order = (data?.runs ?? [])
    .map((run, place) => ({ run, place }))
    .sort((a, b) => {
      const [x, y] = [of(a.place), of(b.place)];
      if (typeof x !== "number" || typeof y !== "number")
        return Number(typeof y === "number") - Number(typeof x === "number");
      return minimize ? x - y : y - x;
    });
  return (
    <>
      <table className={css.table} aria-label="What differs">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {columns.map(({ kind, name, influence }) => (
              <th scope="col" key={`${kind} ${name}`} className={css.run} title={name}>
                {name}
                {influence && (
                  <small className={css.how}>
                    explains {percent(Number(influence.explained), 1)}
                    {Number(influence.chance) > 0.05 && ", perhaps by chance"}
                  </small>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map(({ run, place }) => (
            <tr key={run.id} data-faded={!kept.has(place) || undefined}>
              <th scope="row" className={css.name}>
                <Swatch place={place} /> <RunLink name={run.id} />
              </th>
              {columns.map((item) => (
                <td key={`${item.kind} ${item.name}`}>
                  <ValueCell item={item} place={place} colour={seriesVar(place)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {columns.length < items.length && (
        <p className={css.nothing}>{items.length - columns.length} more differences: compare fewer runs to see them</p>
      )}
    </>
  );
}
