import { Table2 } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import style from "./Chart.module.css";
import { seriesColour, seriesDash, useColours } from "./colours";

/** The same as a chart shows, as a table. */
export interface Facts {
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** How many rows there would be, where these are not all. */
  whole?: number;
}

interface LegendEntry {
  label: string;
  place: number;
  /** What it has come to. */
  value?: string;
}

export interface ChartProps {
  title: string;
  /** Beside the title: how many, how thinned. */
  note?: string;
  legend?: readonly LegendEntry[];
  /** What can be chosen about it. */
  actions?: ReactNode;
  /** Called when the table is wanted. */
  facts: () => Facts;
  children: ReactNode;
}

/** A drawing with its title, its legend, and a table of the same facts behind a button and the key `v`. */
export function Chart({ title, note = "", legend = [], actions, facts, children }: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "v" || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    event.stopPropagation();
    setAsTable((now) => !now);
  };
  return (
    <section className={style.chart} aria-label={title} onKeyDown={onKey}>
      <header className={style.head}>
        <h2 className={style.title}>{title}</h2>
        {note && <span className={style.note}>{note}</span>}
        <Legend entries={legend} />
        {actions}
        <button
          type="button"
          className={style.toggle}
          aria-pressed={asTable}
          aria-label={`${title} as a table`}
          title="As a table (v)"
          onClick={() => setAsTable(!asTable)}
        >
          <Table2 size={14} aria-hidden />
        </button>
      </header>
      {asTable ? <FactsTable title={title} facts={facts()} /> : children}
    </section>
  );
}

function Legend({ entries }: { entries: readonly LegendEntry[] }) {
  const now = useColours();
  return (
    <ul className={style.legend}>
      {entries.map(({ label, place, value }) => (
        <li key={label} className={style.entry}>
          <svg className={style.dash} width="14" height="8" aria-hidden>
            <title>{label}</title>
            <path d="M0 4h14" stroke={seriesColour(place, now)} strokeDasharray={seriesDash(place, now).join(" ")} />
          </svg>
          <span className={style.label} title={label}>
            {label}
          </span>
          {value !== undefined && <span className={style.value}>{value}</span>}
        </li>
      ))}
    </ul>
  );
}

function FactsTable({ title, facts: { head, rows, whole } }: { title: string; facts: Facts }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={style.scroll} tabIndex={0} aria-label={`${title}: values`}>
      <table className={style.table}>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join("\0")}>
              {row.map((value, at) => (
                <td key={head[at]}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {whole !== undefined && whole > rows.length && (
        <p className={style.cut}>
          {rows.length.toLocaleString("en")} of {whole.toLocaleString("en")} rows
        </p>
      )}
    </section>
  );
}

function isField(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
