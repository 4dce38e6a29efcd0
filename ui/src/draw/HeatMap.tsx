import style from "./HeatMap.module.css";
import { extent } from "./scales";
import { showNumber } from "./show";

export interface HeatMapProps {
  title: string;
  rows: readonly string[];
  columns: readonly string[];
  /** A list for each row; null: there is none. */
  values: readonly (readonly (number | null)[])[];
  show?: (value: number) => string;
  onPick?: (row: number, column: number) => void;
}

/** Numbers in a table, the larger the darker: of one hue, so that it can be read without colours, too. */
export function HeatMap({ title, rows, columns, values, show = showNumber, onPick }: HeatMapProps) {
  const [low, high] = extent(values.flat().filter((value) => value !== null)) ?? [0, 1];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={style.scroll} tabIndex={0} aria-label={title}>
      <table className={style.map}>
        <caption className="unseen">{title}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, row) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {name}
              </th>
              {columns.map((column, at) => {
                const value = values[row]?.[at] ?? null;
                const share = value === null ? 0 : (value - low) / (high - low || 1);
                const text = value === null ? "–" : show(value);
                return (
                  <td
                    key={column}
                    className={style.cell}
                    data-none={value === null || undefined}
                    data-dark={share > 0.55 || undefined}
                    style={{ ["--share" as string]: `${Math.round(6 + share * 82)}%` }}
                    title={`${name}, ${column}: ${text}`}
                  >
                    {onPick && value !== null ? (
                      <button type="button" onClick={() => onPick(row, at)}>
                        {text}
                      </button>
                    ) : (
                      text
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
