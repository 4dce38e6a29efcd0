import { type PointerEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { LogLine } from "./LogLine";
import styles from "./LogWindow.module.css";
import type { LogLines } from "./logLines";
import type { PartLine } from "./logPlace";
import { LINE_PX, type Shown } from "./logScroll";
import { LogScroller } from "./logScroller";

interface WindowProps {
  lines: LogLines;
  /** Changes with each change of the lines. */
  version: number;
  scroller: RefObject<LogScroller | null>;
  onScroll: (isFollowing: boolean) => void;
  label: string;
  find: string;
  chosen: readonly [number, number];
  marked: number;
  isWrapped: boolean;
  onPick: (number: number, isRange: boolean) => void;
  onWhole: (line: PartLine) => void;
  /** The line that the pointer is on; undefined: none. */
  onPoint: (line: PartLine | undefined) => void;
}

const NOTHING: Shown = { first: 1, last: 0, anchor: 0, y: 0 };

/** The lines of a log that are in sight. */
export function LogWindow(props: WindowProps) {
  const { lines, version, scroller, label, isWrapped, onPoint } = props;
  const view = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const page = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(NOTHING);
  const [widest, hasLevels] = useSeen(lines, shown, version);
  const onScroll = useRef(props.onScroll);
  onScroll.current = props.onScroll;

  useLayoutEffect(() => {
    if (!view.current || !spacer.current) return;
    const made = new LogScroller(view.current, spacer.current, () => {
      setShown(made.shown);
      onScroll.current(made.isFollowing);
    });
    scroller.current = made;
    return () => {
      made.close();
      scroller.current = null;
    };
  }, [scroller]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the lines have changed
  useLayoutEffect(() => scroller.current?.hold(lines.count), [lines, version, scroller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: likewise
  useEffect(() => lines.want(shown.first, shown.last), [lines, shown, version]);
  useLayoutEffect(() => {
    if (page.current)
      page.current.style.transform = `translateY(${topOfPage(page.current, shown, scroller.current)}px)`;
  });

  const point = (event: PointerEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-line]") : null;
    onPoint(row ? lines.at(Number(row.dataset.line)) : undefined);
  };
  return (
    <div
      ref={view}
      className={isWrapped ? `${styles.view} ${styles.wrapped}` : styles.view}
      role="log"
      aria-live="off"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      onPointerMove={point}
      onPointerLeave={() => onPoint(undefined)}
    >
      <div ref={spacer} className={styles.spacer} />
      <div
        ref={page}
        className={styles.page}
        data-levels={hasLevels}
        style={{ "--digits": digitsOf(lines.count), "--widest": widest } as React.CSSProperties}
      >
        <Rows {...props} shown={shown} />
      </div>
    </div>
  );
}

function Rows({ lines, shown, find, chosen, marked, onPick, onWhole }: WindowProps & { shown: Shown }) {
  const rows = [];
  for (let number = shown.first; number <= Math.min(shown.last, lines.count); number++) {
    rows.push(
      <LogLine
        key={number}
        number={number}
        line={lines.at(number)}
        find={find}
        isChosen={number >= chosen[0] && number <= chosen[1]}
        isMarked={number === marked}
        isNumbered={lines.isCounted}
        onPick={onPick}
        onWhole={onWhole}
      />,
    );
  }
  return rows;
}

/** Where the lines that are drawn begin, for their anchor to stand where it should. Only wrapped ones are measured. */
function topOfPage(page: HTMLElement, { first, anchor, y }: Shown, scroller: LogScroller | null): number {
  const top = (scroller?.top ?? 0) + y;
  const above = Math.floor(anchor) - (first - 1);
  const row = page.children[above];
  if (!(row instanceof HTMLElement)) {
    const height = page.children.length === above ? page.offsetHeight : (anchor - (first - 1)) * LINE_PX;
    return top - height;
  }
  return top - row.offsetTop - (anchor - Math.floor(anchor)) * row.offsetHeight;
}

/** Characters of the longest line that was in sight, and whether one had a level: what room they take does not change
 * with each line. */
function useSeen(lines: LogLines, shown: Shown, _version: number): [number, boolean] {
  const known = useRef({ lines, widest: 0, hasLevels: false });
  if (known.current.lines !== lines) known.current = { lines, widest: 0, hasLevels: false };
  for (let number = shown.first; number <= shown.last; number++) {
    const line = lines.at(number);
    known.current.widest = Math.max(known.current.widest, line?.text.length ?? 0);
    known.current.hasLevels ||= line !== undefined && line.level !== "";
  }
  return [known.current.widest, known.current.hasLevels];
}

function digitsOf(count: number): number {
  const digits = String(Math.max(count, 100)).length;
  return digits + Math.floor((digits - 1) / 3); // and their commas
}
