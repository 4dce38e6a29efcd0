import css from "./DiffersView.module.css";
import { RunLink } from "./RunChips";
import { Swatch } from "./Swatch";
import type { Compared } from "./useComparison";

/** Interpreters and packages that are not the same in all of the runs. */
export function EnvironmentView({ compared }: { compared: Compared }) {
  const { data, kept } = compared;
  if (!data) return null;
  const packages = data.differences.filter(({ kind }) => kind === "package");
  const same = data.same.package ?? [];
  return (
    <div className={css.view}>
      <p className={css.line}>
        <span>{packages.length === 0 ? "All packages are the same." : `${packages.length} packages differ.`}</span>
        <span className={css.count}>{same.length} are the same in all</span>
      </p>
      {packages.length > 0 && (
        <table className={css.table} aria-label="Packages that differ">
          <thead>
            <tr>
              <th scope="col">Package</th>
              {data.runs.map((run, place) => (
                <th scope="col" key={run.id} className={css.run}>
                  <Swatch place={place} /> <RunLink name={run.id} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {packages.map(({ name, values }) => (
              <tr key={name}>
                <th scope="row" className={css.name}>
                  {name}
                </th>
                {data.runs.map((run, place) => (
                  <td key={run.id} data-faded={!kept.has(place) || undefined}>
                    {values[place] === null || values[place] === undefined ? (
                      <span className={css.none}>–</span>
                    ) : (
                      <code>{values[place]}</code>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {same.length > 0 && (
        <dl className={css.same}>
          <dt>The same in all runs</dt>
          <dd>
            <span>Packages</span>
            <code>{same.join("  ")}</code>
          </dd>
        </dl>
      )}
    </div>
  );
}
