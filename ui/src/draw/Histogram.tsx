import { type PointerEvent, useEffect, useRef, useState } from "react";
import { barPaths, edgeTicks } from "./bins";
import { type Card, makeCard } from "./card";
import { calmPlace, seriesColour, useColours } from "./colours";
import style from "./Histogram.module.css";
import type { Span } from "./scales";
import { showNumber } from "./show";

interface HistogramProps {
  title: string;
  /** One more than there are bins, in order. */
  edges: readonly number[];
  /** How many are in each bin: one, or some on one another. */
  groups: readonly { label: string; counts: readonly number[]; place?: number }[];
  height?: number;
  show?: (value: number) => string;
  /** Some bins were dragged over: from the first edge to the last. */
  onRange?: (range: Span) => void;
  /** Neither labels nor hover: above a column of a table. */
  bare?: boolean;
}

/** Bars of counts. It has no width of its own and no script when its box changes. */
export function Histogram(props: HistogramProps) {
  const { title, edges, groups, height = 64, show = showNumber, bare = false } = props;
  const tint = useColours();
  const size = edges.length - 1;
  const paths = barPaths(
    groups.map((group) => group.counts),
    size > 80 ? 0 : 0.12,
  );
  const { box, picked, handlers } = usePicked(props);
  const summary = summaryOf(title, edges, groups, show);
  return (
    <div className={style.histogram} ref={box}>
      <svg
        className={props.onRange ? style.draggable : style.bars}
        viewBox={`0 0 ${Math.max(1, size)} 1`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label={summary}
        {...(bare ? {} : handlers)}
      >
        {picked && <rect className={style.picked} x={picked[0]} y={0} width={picked[1] + 1 - picked[0]} height={1} />}
        {paths.map((path, at) => {
          const { label, place } = groups[at] ?? { label: "" };
          return (
            <path key={label} d={path} fill={place === undefined ? tint["text-3"] : seriesColour(calmPlace(place))} />
          );
        })}
      </svg>
      {!bare && size > 0 && <Axis edges={edges} show={show} />}
    </div>
  );
}

function Axis({ edges, show }: { edges: readonly number[]; show: (value: number) => string }) {
  return (
    <div className={style.axis} aria-hidden>
      {edgeTicks(edges).map(({ value, at }) => (
        <span key={value} style={{ left: `${at * 100}%` }} data-edge={at < 0.02 ? "first" : at > 0.98 ? "last" : ""}>
          {show(value)}
        </span>
      ))}
    </div>
  );
}

/** The bins under the pointer, and what is dragged over. */
function usePicked({ edges, groups, show = showNumber, onRange }: HistogramProps) {
  const box = useRef<HTMLDivElement>(null);
  const card = useRef<Card>(null);
  const from = useRef(-1);
  const [picked, setPicked] = useState<readonly [number, number] | null>(null);
  useEffect(() => () => card.current?.remove(), []);
  const size = edges.length - 1;
  const binAt = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(size - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * size)));
  };
  const spanTo = (at: number) => [Math.min(from.current, at), Math.max(from.current, at)] as const;
  const onPointerMove = (event: PointerEvent) => {
    if (box.current === null || size < 1) return;
    const at = binAt(event);
    setPicked(from.current < 0 ? [at, at] : spanTo(at));
    card.current ??= makeCard(box.current);
    const { left, top } = box.current.getBoundingClientRect();
    const lines = groups
      .filter((group) => group.counts[at])
      .map(({ label, counts, place }) => ({
        label,
        value: (counts[at] ?? 0).toLocaleString("en"),
        ...(place === undefined ? {} : { colour: seriesColour(calmPlace(place)) }),
      }));
    const title = `${show(edges[at] ?? 0)} – ${show(edges[at + 1] ?? 0)}`;
    card.current.show(event.clientX - left, event.clientY - top, title, lines, lines.length ? "" : "none");
  };
  const leave = () => {
    from.current = -1;
    setPicked(null);
    card.current?.hide();
  };
  const handlers = {
    onPointerMove,
    onPointerLeave: leave,
    onPointerDown: (event: PointerEvent) => {
      if (onRange === undefined) return;
      from.current = binAt(event);
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerUp: (event: PointerEvent) => {
      if (onRange === undefined || from.current < 0) return;
      const [first, last] = spanTo(binAt(event));
      leave();
      onRange([edges[first] ?? 0, edges[last + 1] ?? 0]);
    },
  };
  return { box, picked, handlers };
}

function summaryOf(
  title: string,
  edges: readonly number[],
  groups: HistogramProps["groups"],
  show: (value: number) => string,
) {
  const sums = edges.slice(1).map((_, at) => groups.reduce((sum, group) => sum + (group.counts[at] ?? 0), 0));
  const most = Math.max(...sums, 0);
  const total = sums.reduce((a, b) => a + b, 0);
  const at = sums.indexOf(most);
  if (total === 0) return `${title}: no values`;
  return `${title}: ${total.toLocaleString("en")} values from ${show(edges[0] ?? 0)} to ${show(edges.at(-1) ?? 0)}, most of them (${most.toLocaleString("en")}) between ${show(edges[at] ?? 0)} and ${show(edges[at + 1] ?? 0)}`;
}
