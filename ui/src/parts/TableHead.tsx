// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, since those off screen are not in the page
// biome-ignore-all lint/a11y/useFocusableInteractive: what can be done in a row takes the focus, not the row
import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { type Column, sortAfter, sortedHow } from "./tableColumns";
import css from "./VirtualTable.module.css";

interface TableHeadProps<Row> {
  columns: readonly Column<Row>[];
  sort?: string | undefined;
  onSort?: ((sort: string) => void) | undefined;
  selected?: ReadonlySet<number> | undefined;
  /** On a phone there is no head but the rows that stay at the top. */
  isNarrow: boolean;
  children: ReactNode;
}

export function TableHead<Row>({ children, ...head }: TableHeadProps<Row>) {
  return (
    <div role="rowgroup" className={css.head}>
      {!head.isNarrow && <Titles {...head} />}
      {children}
    </div>
  );
}

function Titles<Row>({ columns, sort = "", onSort, selected }: Omit<TableHeadProps<Row>, "children">) {
  return (
    <div role="row" aria-rowindex={1} className={css.row}>
      {selected && (
        <div role="columnheader" className={css.cell}>
          <span className="unseen">Selected</span>
        </div>
      )}
      {columns.map((column) => {
        const how = sortedHow(column, sort);
        return (
          <div
            role="columnheader"
            key={column.id}
            className={css.cell}
            data-end={column.end || undefined}
            aria-sort={how}
          >
            {column.action}
            {column.sort && onSort ? (
              <button type="button" className={css.sort} onClick={() => onSort(sortAfter(column, sort))}>
                {column.title}
                {how === "ascending" && <ArrowUp size={12} aria-hidden />}
                {how === "descending" && <ArrowDown size={12} aria-hidden />}
              </button>
            ) : (
              column.title
            )}
          </div>
        );
      })}
    </div>
  );
}
