// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, since those off screen are not in the page
// biome-ignore-all lint/a11y/useFocusableInteractive: what can be done in a row takes the focus, not the row
import { type MouseEvent, memo, type PointerEvent, type ReactNode, useRef } from "react";
import { Link } from "wouter";
import { type Rows, useRow } from "@/api/rows";
import type { Column } from "./tableColumns";
import css from "./VirtualTable.module.css";

interface TableRowProps<Row> {
  id: number;
  index: number;
  /** null: it is pinned above the others */
  top: number | null;
  isNarrow: boolean;
  isCursor: boolean;
  /** undefined: nothing is selected in this table */
  isSelected: boolean | undefined;
  place: number | undefined;
  rows: Rows<Row>;
  columns: readonly Column<Row>[];
  narrow: ((row: Row, id: number) => ReactNode) | undefined;
  wide: ((id: number) => ReactNode) | undefined;
  addressOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  onToggle: (id: number, isRange: boolean) => void;
  onPoint: (id: number) => void;
}

const LONG_PRESS_MS = 450;
const SERIES = 8;

function Row<Row>(props: TableRowProps<Row>) {
  const { id, index, top, isCursor, isSelected, place, wide } = props;
  const row = useRow(props.rows, id);
  const press = useLongPress(() => props.onToggle(id, false), isSelected !== undefined);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={css.row}
      data-id={id}
      data-cursor={isCursor || undefined}
      data-place={place === undefined ? undefined : (place % SERIES) + 1}
      style={top === null ? undefined : { transform: `translateY(${top}px)` }}
      onPointerDownCapture={() => props.onPoint(id)}
      {...press}
    >
      {id < 0 ? (
        <div role="cell" className={css.wide}>
          {wide?.(id)}
        </div>
      ) : (
        <Cells {...props} row={row} />
      )}
    </div>
  );
}

/** Rendered for what has changed of it alone. */
export const TableRow = memo(Row) as typeof Row;

function Cells<Row>({ row, ...props }: TableRowProps<Row> & { row: Row | undefined }) {
  const { id, columns, isNarrow, narrow, isSelected } = props;
  const link = row !== undefined && (
    <Link className={css.open} href={props.addressOf(row)} data-open aria-label={props.nameOf(row)} draggable={false} />
  );
  if (isNarrow && narrow) {
    return (
      <div role="cell" className={css.narrow}>
        {link}
        {row === undefined ? <Missing /> : narrow(row, id)}
      </div>
    );
  }
  return (
    <>
      {isSelected !== undefined && (
        <div role="cell" className={css.cell}>
          <Check {...props} isSelected={isSelected} name={row === undefined ? "row" : props.nameOf(row)} />
        </div>
      )}
      {columns.map((column, at) => (
        <div role="cell" key={column.id} className={css.cell} data-end={column.end || undefined}>
          {at === 0 && link}
          {row === undefined ? <Missing /> : column.cell(row, id)}
        </div>
      ))}
    </>
  );
}

function Missing() {
  return <span className={css.missing} aria-hidden />;
}

interface CheckProps {
  id: number;
  name: string;
  isSelected: boolean;
  onToggle: (id: number, isRange: boolean) => void;
}

function Check({ id, name, isSelected, onToggle }: CheckProps) {
  return (
    <input
      type="checkbox"
      className={css.check}
      aria-label={`select ${name}`}
      checked={isSelected}
      onChange={() => {}}
      onClick={(event: MouseEvent) => onToggle(id, event.shiftKey)}
      tabIndex={-1}
    />
  );
}

/** Touch alone: on a phone a long press selects, where a pointer has a box to click on. */
function useLongPress(pressed: () => void, isOn: boolean) {
  const timer = useRef(0);
  const wasLong = useRef(false);
  if (!isOn) return {};
  const end = () => window.clearTimeout(timer.current);
  return {
    onPointerDown: (event: PointerEvent) => {
      wasLong.current = false;
      if (event.pointerType !== "touch") return;
      timer.current = window.setTimeout(() => {
        wasLong.current = true;
        pressed();
      }, LONG_PRESS_MS);
    },
    onPointerUp: end,
    onPointerCancel: end,
    onPointerLeave: end,
    onClickCapture: (event: MouseEvent) => {
      if (!wasLong.current) return;
      event.preventDefault();
      event.stopPropagation();
    },
    onContextMenu: (event: MouseEvent) => {
      if (wasLong.current) event.preventDefault();
    },
  };
}
