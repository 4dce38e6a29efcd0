// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by hand, since those off screen are not in the page
// biome-ignore-all lint/a11y/useFocusableInteractive: what can be done in a table takes the focus, not its cells
import { ArrowDown, ArrowUp } from "lucide-react";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Histogram } from "@/draw/Histogram";
import { numberOf } from "@/draw/series";
import style from "./ColumnHead.module.css";
import { digestOf, inQuery, type Value, type ValuePlace } from "./place";
import { isNumeric } from "./tableBlocks";

interface ColumnHeadProps {
  value: Value;
  place: ValuePlace;
  column: Schemas["ColumnInfo"];
  at: number;
  start: number;
  width: number;
  sort: string;
  onSort: (sort: string) => void;
  isChosen: boolean;
  onChoose: (column: number | null) => void;
}

/** A column's name, which sorts by it, and its values as a histogram, which says more about them. */
export function ColumnHead(props: ColumnHeadProps) {
  const { value, place, column, at, start, width, sort, onSort, isChosen, onChoose } = props;
  const way = sort === String(at) ? "ascending" : sort === `-${at}` ? "descending" : "none";
  const next = { none: String(at), ascending: `-${at}`, descending: "" }[way];
  const name = column.name || (column.is_index ? "index" : "values");
  return (
    <div
      role="columnheader"
      aria-sort={way}
      aria-colindex={at + 1}
      className={isNumeric(column.type) ? style.number : style.word}
      style={{ left: start, width }}
    >
      <button
        type="button"
        className={style.name}
        disabled={!column.is_readable}
        title={`${name}: sort by it`}
        onClick={() => onSort(next)}
      >
        <bdi>{name}</bdi>
        {way === "ascending" && <ArrowUp size={12} aria-hidden />}
        {way === "descending" && <ArrowDown size={12} aria-hidden />}
      </button>
      <span className={style.type}>{column.is_index ? `index, ${column.type}` : column.type}</span>
      {column.is_readable && !column.is_index && (
        <button
          type="button"
          className={style.shape}
          aria-pressed={isChosen}
          aria-label={`${name}: statistics`}
          onClick={() => onChoose(isChosen ? null : at)}
        >
          <Shape value={value} place={place} at={at} name={name} />
        </button>
      )}
    </div>
  );
}

function Shape({ value, place, at, name }: { value: Value; place: ValuePlace; at: number; name: string }) {
  const { data } = useStats(value, place, at);
  if (data === undefined) return <span className={style.empty} />;
  if (data.counts.length) {
    return (
      <Histogram
        title={name}
        edges={data.edges.map(numberOf)}
        groups={[{ label: name, counts: data.counts }]}
        height={24}
        bare
      />
    );
  }
  const most = Math.max(1, ...data.top.map(([, count]) => count));
  return (
    <span className={style.top}>
      {data.top.slice(0, 12).map(([text, count]) => (
        <span key={text} style={{ height: `${Math.max(6, (count / most) * 100)}%` }} />
      ))}
    </span>
  );
}

/** What a column comes to; of an array without columns all of it. */
export function useStats(value: Value, place: ValuePlace, column: number | null, skip = false) {
  return useAsk(
    "/artifacts/{digest}/stats",
    { in: { digest: digestOf(value) }, query: { ...inQuery(place), ...(column === null ? {} : { column }) } },
    { skip },
  );
}
