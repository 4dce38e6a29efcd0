import { useParam } from "@/app/useParam";
import { counted, percent } from "@/words/numbers";
import { countOf, type Item, KINDS, partsBy } from "./comparison";
import css from "./DiffersView.module.css";
import { RunLink } from "./RunChips";
import { RunRows } from "./RunRows";
import { Swatch, seriesVar } from "./Swatch";
import type { Compared } from "./useComparison";
import { ValueCell } from "./ValueCell";

const MOST_COLUMNS = 8;

/** What is not the same in all of the runs; the rest by name where it is asked for. Runs are columns, many are rows. */
export function DiffersView({ compared }: { compared: Compared }) {
  const [all, setAll] = useParam("all", "");
  const { data, items } = compared;
  if (!data) return null;
  const { differ, all: whole } = countOf(data);
  return (
    <div className={css.view}>
      <div className={css.line}>
        <label className={css.only}>
          <input type="checkbox" checked={all === ""} onChange={(event) => setAll(event.target.checked ? "" : "1")} />
          only what differs
        </label>
        <span className={css.count}>
          {differ} of {whole}
        </span>
        {data.metric?.note && <span className={css.note}>{data.metric.note}</span>}
        {data.notes.map((note) => (
          <span key={note} className={css.note}>
            {note}
          </span>
        ))}
      </div>
      {items.length === 0 && <p className={css.nothing}>These runs do not differ in anything that was recorded.</p>}
      {items.length > 0 &&
        (data.runs.length <= MOST_COLUMNS ? <Columns compared={compared} /> : <RunRows compared={compared} />)}
      {all && <Same same={data.same} />}
    </div>
  );
}

function Columns({ compared }: { compared: Compared }) {
  const { data, items, kept, metric } = compared;
  const runs = data?.runs ?? [];
  const explains = items.some(({ influence }) => influence);
  return (
    <table className={css.table} aria-label="What differs">
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">What differs</span>
          </th>
          {runs.map((run, place) => (
            <th scope="col" key={run.id} className={css.run} data-faded={!kept.has(place) || undefined}>
              <Swatch place={place} /> <RunLink name={run.id} />
            </th>
          ))}
          {explains && <th scope="col">explains {metric}</th>}
        </tr>
      </thead>
      {partsBy(items, ({ kind }) => kind).map(([kind, part]) => (
        <tbody key={kind}>
          <tr>
            <th scope="rowgroup" colSpan={runs.length + (explains ? 2 : 1)} className={css.kind}>
              {KINDS[kind] ?? kind}
            </th>
          </tr>
          {part.map((item) => (
            <tr key={item.name}>
              <th scope="row" className={css.name} title={item.name}>
                <bdi>{item.name}</bdi>
              </th>
              {runs.map((run, place) => (
                <td key={run.id} data-faded={!kept.has(place) || undefined}>
                  <ValueCell item={item} place={place} colour={seriesVar(place)} />
                </td>
              ))}
              {explains && (
                <td>
                  <Explained item={item} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

/** How much of the metric goes with this. */
function Explained({ item: { influence } }: { item: Item }) {
  if (!influence) return null;
  const share = Number(influence.explained);
  const doubt = Number(influence.chance) > 0.05 ? ", which chance may do, too" : "";
  const alike = influence.alike.length > 0 ? `; can't be told apart from ${influence.alike.join(", ")}` : "";
  return (
    <span
      className={css.explained}
      title={`of what those above it leave, in ${counted(influence.runs, "run")}${doubt}${alike}`}
    >
      <span className={css.bar} aria-hidden>
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
      {percent(share, 1)}
      <span className={css.how}>
        {influence.how}
        {doubt && " (perhaps chance)"}
      </span>
    </span>
  );
}

function Same({ same }: { same: Record<string, string[]> }) {
  return (
    <dl className={css.same}>
      <dt>The same in all runs</dt>
      {Object.entries(same).map(([kind, names]) => (
        <dd key={kind}>
          <span>{KINDS[kind] ?? kind}</span>
          <code>{names.join("  ")}</code>
        </dd>
      ))}
    </dl>
  );
}
