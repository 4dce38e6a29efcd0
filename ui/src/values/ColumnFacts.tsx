import { X } from "lucide-react";
import type { Schemas } from "@/api/types";
import { Histogram } from "@/draw/Histogram";
import { numberOf } from "@/draw/series";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import style from "./ColumnFacts.module.css";
import { useStats } from "./ColumnHead";
import type { Value, ValuePlace } from "./place";
import { numberText } from "./tableBlocks";

interface ColumnFactsProps {
  value: Value;
  place: ValuePlace;
  /** null: all of an array. */
  at: number | null;
  onClose?: () => void;
}

/** What the values of one column come to. */
export function ColumnFacts({ value, place, at, onClose }: ColumnFactsProps) {
  const { data, error } = useStats(value, place, at);
  const title = data?.name || "All values";
  return (
    <section className={style.facts} aria-label={`Statistics of ${title}`}>
      <header className={style.head}>
        <h2>
          <bdi>{title}</bdi>
        </h2>
        {data && <span className={style.note}>{sampleNote(data)}</span>}
        {onClose && (
          <Button kind="bare" size="small" icon={<X size={14} aria-hidden />} aria-label="Close" onClick={onClose} />
        )}
      </header>
      {error && <Failure error={error} />}
      {data === undefined ? <div className={style.waiting} /> : <Facts stats={data} />}
    </section>
  );
}

function Facts({ stats }: { stats: Schemas["ColumnStatistics"] }) {
  const pairs = factPairs(stats);
  return (
    <div className={style.both}>
      {stats.counts.length > 0 ? (
        <Histogram
          title={stats.name || "values"}
          edges={stats.edges.map(numberOf)}
          groups={[{ label: "values", counts: stats.counts }]}
          height={96}
        />
      ) : (
        <Top stats={stats} />
      )}
      <dl className={style.list}>
        {pairs.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Top({ stats }: { stats: Schemas["ColumnStatistics"] }) {
  const most = Math.max(1, ...stats.top.map(([, count]) => count));
  return (
    <ol className={style.top}>
      {stats.top.map(([text, count]) => (
        <li key={text}>
          <bdi className={style.word} title={text}>
            {text || '""'}
          </bdi>
          <span className={style.bar} style={{ width: `${(count / most) * 40}%` }} />
          <span>{count.toLocaleString("en")}</span>
        </li>
      ))}
    </ol>
  );
}

/** Name and text of each fact, in the order of reading. */
function factPairs(stats: Schemas["ColumnStatistics"]): [string, string][] {
  const show = (value: Parameters<typeof numberOf>[0]) => numberText(numberOf(value));
  const pairs: [string, string][] = [
    ["values", stats.count.toLocaleString("en")],
    ["missing", stats.nulls.toLocaleString("en")],
  ];
  if (stats.infinite) pairs.push(["infinite", stats.infinite.toLocaleString("en")]);
  if (stats.mean !== null) pairs.push(["mean", show(stats.mean)]);
  if (stats.min !== null) pairs.push(["least", show(stats.min)]);
  for (const [share = 0, value = 0] of stats.quantiles) {
    const name = share === 0.5 ? "median" : `${Number((numberOf(share) * 100).toPrecision(3))} %`;
    pairs.push([name, show(value)]);
  }
  if (stats.max !== null) pairs.push(["most", show(stats.max)]);
  return pairs;
}

function sampleNote({ count, read, is_sampled }: Schemas["ColumnStatistics"]): string {
  if (read < count) return `of ${read.toLocaleString("en")} of ${count.toLocaleString("en")} values`;
  return is_sampled ? "quantiles of a sample" : "";
}
