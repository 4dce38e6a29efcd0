// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, since those off screen are not in the page
// biome-ignore-all lint/a11y/useFocusableInteractive: what can be done in a table takes the focus, not its cells
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { Schemas } from "@/api/types";
import { Failure } from "@/parts/Failure";
import { ColumnFacts } from "./ColumnFacts";
import { ColumnHead } from "./ColumnHead";
import type { Value, ValuePlace } from "./place";
import style from "./TableView.module.css";
import { cellText, columnWidth, isMissing, isNumeric } from "./tableBlocks";
import { useCells } from "./useTable";

/** What is chosen of a table, where that is said from outside: in the address. */
export interface TableState {
  /** "3", "-3": by the fourth column, the largest first. */
  sort?: string;
  onSort?: (sort: string) => void;
  chosen?: number | null;
  onChoose?: (column: number | null) => void;
}

interface TableViewProps extends TableState {
  value: Value;
  place: ValuePlace;
  columns: readonly Schemas["ColumnInfo"][];
  rows: number;
  more?: number;
  /** Rows that have room; the rest is scrolled to. */
  tall?: number;
}

const ROW = 28;
const HEAD = 84;
const FOOT = 24;

/** How high a table of so many rows is drawn. */
export function tableHeight(rows: number, tall: number): number {
  return HEAD + ROW * Math.min(rows, tall) + 2 + FOOT;
}

/** A stored table: the rows and columns that are seen, each column with what its values come to. */
export function TableView(props: TableViewProps) {
  const { value, place, columns, rows, more = 0, tall = 12 } = props;
  const [ownSort, setOwnSort] = useState("");
  const [ownChosen, setOwnChosen] = useState<number | null>(null);
  const sort = props.sort ?? ownSort;
  const onSort = props.onSort ?? setOwnSort;
  const chosen = props.chosen === undefined ? ownChosen : props.chosen;
  const onChoose = props.onChoose ?? setOwnChosen;
  const box = useRef<HTMLDivElement>(null);
  const widths = columns.map((column) => columnWidth(column.type, column.name));
  const down = useVirtualizer({
    count: rows,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 6,
    scrollPaddingStart: HEAD,
    initialRect: { width: 800, height: HEAD + ROW * Math.min(rows, tall) },
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => widths[at] ?? 0,
    overscan: 1,
    initialRect: { width: 800, height: HEAD },
  });
  const [seenRows, seenColumns] = [down.getVirtualItems(), across.getVirtualItems()];
  const seen = {
    firstRow: seenRows[0]?.index ?? 0,
    lastRow: seenRows.at(-1)?.index ?? 0,
    firstColumn: seenColumns[0]?.index ?? 0,
    lastColumn: seenColumns.at(-1)?.index ?? 0,
  };
  const cells = useCells(value, place, seen, { rows, columns: columns.length }, sort);
  const width = across.getTotalSize();
  return (
    <div className={style.view}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div className={style.scroll} ref={box} tabIndex={0} style={{ maxHeight: HEAD + ROW * tall + 2 }}>
        <div role="table" aria-label="Values" aria-rowcount={rows + 1} aria-colcount={columns.length} style={{ width }}>
          <div role="rowgroup" className={style.head}>
            <div role="row" aria-rowindex={1} className={style.heads} style={{ height: HEAD }}>
              {seenColumns.map(({ index, start, size }) => {
                const column = columns[index];
                if (column === undefined) return null;
                return (
                  <ColumnHead
                    key={index}
                    value={value}
                    place={place}
                    column={column}
                    at={index}
                    start={start}
                    width={size}
                    sort={sort}
                    onSort={onSort}
                    isChosen={chosen === index}
                    onChoose={onChoose}
                  />
                );
              })}
            </div>
          </div>
          <div role="rowgroup" className={style.rows} style={{ height: down.getTotalSize() }}>
            {seenRows.map((row) => (
              <div
                key={row.index}
                role="row"
                aria-rowindex={row.index + 2}
                className={style.row}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                {seenColumns.map(({ index, start, size }) => (
                  <Cell
                    key={index}
                    cell={cells.at(row.index, index)}
                    column={columns[index]}
                    at={index}
                    start={start}
                    width={size}
                  />
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
      {cells.error && <Failure error={cells.error} />}
      <p className={style.foot}>
        {rows.toLocaleString("en")} {rows === 1 ? "row" : "rows"}, {columns.length.toLocaleString("en")}{" "}
        {columns.length === 1 ? "column" : "columns"}
        {more > 0 && `, ${more.toLocaleString("en")} more columns are not shown`}
        {cells.cut > 0 && `, ${cells.cut.toLocaleString("en")} texts cut at ${cells.cutAt} characters`}
      </p>
      {chosen !== null && columns[chosen]?.is_readable && (
        <ColumnFacts value={value} place={place} at={chosen} onClose={() => onChoose(null)} />
      )}
    </div>
  );
}

interface CellProps {
  cell: unknown;
  column: Schemas["ColumnInfo"] | undefined;
  at: number;
  start: number;
  width: number;
}

function Cell({ cell, column, at, start, width }: CellProps) {
  const text = cell === undefined ? "" : column?.is_readable === false ? "object" : cellText(cell, column?.type);
  const kind = column && isNumeric(column.type) ? style.number : style.word;
  return (
    <div
      role="cell"
      aria-colindex={at + 1}
      className={`${kind} ${column?.is_index ? style.index : ""}`}
      data-missing={isMissing(cell) || column?.is_readable === false || undefined}
      style={{ left: start, width }}
      title={text.length > 10 ? String(cell) : undefined}
    >
      {text}
    </div>
  );
}
