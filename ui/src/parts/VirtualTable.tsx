// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, since those off screen are not in the page
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { Rows } from "@/api/rows";
import { TableHead } from "./TableHead";
import { TableRow } from "./TableRow";
import { type Column, tracksOf } from "./tableColumns";
import { useMedia } from "./useMedia";
import { useTableKeys } from "./useTableKeys";
import css from "./VirtualTable.module.css";

export type { Column } from "./tableColumns";

interface VirtualTableProps<Row> {
  /** What the table is of, for who does not see it. */
  label: string;
  /** All rows in order, also those that are not loaded. A negative one is `wide`'s. */
  ids: readonly number[];
  rows: Rows<Row>;
  columns: readonly Column<Row>[];
  /** What a row has on a phone, in two lines; none: the table is as on a desk. */
  narrow?: (row: Row, id: number) => ReactNode;
  /** A row of its own across all columns, of a negative id: the head of a group. */
  wide?: (id: number) => ReactNode;
  addressOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  onOpen: (id: number) => void;
  /** Told of what is on screen, and of a little around that, to load these. */
  onSeen: (ids: readonly number[]) => void;
  onTop?: (isAtTop: boolean) => void;
  sort?: string;
  onSort?: (sort: string) => void;
  cursor: number | null;
  onCursor: (id: number) => void;
  /** None: nothing is selected in this table. */
  selected?: ReadonlySet<number>;
  onSelect?: (ids: readonly number[], isSelected: boolean) => void;
  /** Its place among those that are selected, from 0 on, says a row's colour. */
  placeOf?: (id: number) => number | undefined;
  /** Rows that stay at the top whatever is scrolled to. */
  pinned?: readonly number[];
  /** Rows change their places now: they are seen to. */
  isMoving?: boolean;
  /** Under this the place that was scrolled to is found again, on going back. */
  place?: string;
}

const ROW = 38;
const NARROW_ROW = 62;
const AROUND = 8;
const NONE: readonly number[] = [];
const places = new Map<string, number>();

/** A table that has only those rows in the page that are on screen. Sorting and filtering are the server's. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { ids, columns, selected, onSeen, onTop, place = "", pinned = NONE } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia("(max-width: 640px)") && props.narrow !== undefined;
  const height = isNarrow ? NARROW_ROW : ROW;
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: AROUND,
    initialOffset: places.get(place) ?? 0,
    scrollPaddingStart: isNarrow ? 0 : ROW,
    getItemKey: (index) => ids[index] ?? index,
  });
  useLayoutEffect(() => {
    if (height) virtual.measure();
  }, [virtual, height]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => onSeen([...pinned, ...ids.slice(first, last + 1)]), [ids, pinned, first, last, onSeen]);
  const { tracks, minWidth } = useMemo(() => tracksOf(columns, selected !== undefined), [columns, selected]);
  const { toggle, goTo } = useTableKeys(props, (index) => virtual.scrollToIndex(index, { align: "auto" }), scroller);

  function row(id: number, index: number, top: number | null): ReactNode {
    return (
      <TableRow
        key={id}
        id={id}
        index={index}
        top={top}
        isNarrow={isNarrow}
        isCursor={props.cursor === id && top !== null}
        isSelected={selected?.has(id)}
        place={props.placeOf?.(id)}
        rows={props.rows}
        columns={columns}
        narrow={props.narrow}
        wide={props.wide}
        addressOf={props.addressOf}
        nameOf={props.nameOf}
        onToggle={toggle}
        onPoint={goTo}
      />
    );
  }

  function scrolled(): void {
    const top = scroller.current?.scrollTop ?? 0;
    places.set(place, top);
    onTop?.(top < height);
  }

  return (
    <div className={css.scroller} ref={scroller} onScroll={scrolled} data-narrow={isNarrow || undefined}>
      <div
        role="table"
        aria-label={props.label}
        aria-rowcount={ids.length + 1}
        className={css.table}
        style={{ ["--tracks" as string]: tracks, minWidth: isNarrow ? undefined : minWidth }}
      >
        <TableHead {...props} isNarrow={isNarrow}>
          {pinned.map((id) => row(id, ids.indexOf(id), null))}
        </TableHead>
        <div
          role="rowgroup"
          className={css.rows}
          data-moving={props.isMoving || undefined}
          style={{ height: virtual.getTotalSize() }}
        >
          {items.map(({ index, start }) => row(ids[index] ?? 0, index, start))}
        </div>
      </div>
    </div>
  );
}
