import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { addressOf, ask } from "@/api/ask";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { PickOne } from "@/parts/PickOne";
import { StatusMark } from "@/parts/StatusMark";
import { leadingAxes } from "@/values/ArrayView";
import { kindText, shapeText } from "@/values/kinds";
import { digestOf, inQuery, type Value, valueAddress } from "@/values/place";
import { useBlob } from "@/values/useBlob";
import { figure } from "@/words/numbers";
import { ago } from "@/words/times";
import css from "./History.module.css";
import {
  type ArtifactLine,
  type ColumnStat,
  columnStat,
  historyFilter,
  ofPlace,
  pathOf,
  pointsOf,
  type Stat,
  statsOf,
} from "./historyPoints";

const MOST = 60;
const ALL = "all values"; // of an array, which has no columns
const TILE = 132;
const TALL = 84;
const COLUMN_STATS: readonly [ColumnStat, string][] = [
  ["mean", "mean"],
  ["median", "median"],
  ["min", "least"],
  ["max", "most"],
  ["nulls", "missing"],
];

/** The same result in the other runs of its flow: a strip of small previews, under a curve of one of their numbers. */
export function History({ task, value }: { task: string; value: Value }) {
  const { filter, end } = historyFilter(task);
  const index = useAsk("/artifacts:index", { query: { filter } });
  const ids = index.data?.ids?.slice(0, MOST) ?? [];
  const rows = useAsk("/artifacts", { query: { ids } }, { skip: ids.length === 0 });
  const lines = ofPlace(rows.data?.rows ?? [], end);
  if (lines.length < 2) return null;
  return <Strip lines={lines} task={task} value={value} total={index.data?.total ?? 0} />;
}

interface StripProps {
  lines: readonly ArtifactLine[];
  task: string;
  value: Value;
  total: number;
}

function Strip({ lines, task, value, total }: StripProps) {
  const [chosen, choose] = useParam("stat", "");
  const stats = statsOf(lines);
  const columns = value.schema?.map(([name]) => name) ?? (value.shape && value.dtype ? [ALL] : []);
  const [column = "", which = ""] = chosen.includes(":") ? splitLast(chosen) : [];
  const ofColumns = useColumnStats(lines, column);
  const varies = (one: Stat) => new Set(lines.map((line) => one.of(line.value))).size > 1;
  const stat = stats.find((one) => one.id === chosen) ?? stats.find(varies) ?? stats[0];
  const values = column
    ? ofColumns.map((found) => columnStat(found, which as ColumnStat))
    : lines.map((line) => stat?.of(line.value) ?? null);
  const at = lines.findIndex((line) => line.of === task);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = scroller.current; // scrollIntoView would move the page as well
    if (box) box.scrollLeft = (at + 0.5) * TILE - box.clientWidth / 2;
  }, [at]);
  return (
    <section className={css.history} aria-label="Over runs">
      <header className={css.head}>
        <h2>Over runs</h2>
        <PickOne
          label={<span className="unseen">Number that is drawn</span>}
          value={chosen || (stat?.id ?? "")}
          onChange={choose}
        >
          {stats.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          {columns.map((name) => (
            <optgroup key={name} label={name}>
              {COLUMN_STATS.map(([id, word]) => (
                <option key={id} value={`${name}:${id}`}>
                  {word} of {name}
                </option>
              ))}
            </optgroup>
          ))}
        </PickOne>
        {total > lines.length && lines.length >= MOST && <span className={css.note}>the latest {lines.length}</span>}
      </header>
      <div className={css.scroll} ref={scroller}>
        <Line lines={lines} values={values} />
        <ol className={css.tiles}>
          {lines.map((line, at) => (
            <Tile key={line.id} line={line} before={lines[at - 1]} isCurrent={line.of === task} />
          ))}
        </ol>
      </div>
    </section>
  );
}

function splitLast(text: string): [string, string] {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The statistics of a column of each, asked for once for each content. */
function useColumnStats(lines: readonly ArtifactLine[], name: string) {
  return useQueries({
    queries: lines.map(({ value, of }) => {
      const digest = digestOf(value);
      return {
        queryKey: ["column of", digest, value.digest ? "" : of, name],
        queryFn: async ({ signal }: { signal: AbortSignal }) => {
          const preview = await ask("/artifacts/{digest}/preview", { in: { digest }, query: { of }, signal });
          const column = preview.columns.findIndex((one) => one.name === name);
          const query = name === ALL ? { of } : { of, column };
          return ask("/artifacts/{digest}/stats", { in: { digest }, query, signal });
        },
        enabled: name !== "" && value.shape !== null,
        staleTime: Number.POSITIVE_INFINITY,
        retry: false,
      };
    }),
    combine: (found) => found.map((one) => one.data),
  });
}

function Line({ lines, values }: { lines: readonly ArtifactLine[]; values: readonly (number | null)[] }) {
  const points = pointsOf(values, TILE, TALL, 22);
  const said = lines.map((line, at) => `${line.run} ${figure(values[at])}`).join(", ");
  return (
    <svg className={css.line} width={lines.length * TILE} height={TALL} role="img" aria-label={said}>
      <path d={pathOf(points)} />
      {points.map(
        (point, at) =>
          point && (
            <g key={lines[at]?.id}>
              <circle cx={point.x} cy={point.y} r={3} />
              <text x={point.x} y={point.y - 9} textAnchor="middle">
                {figure(values[at])}
              </text>
            </g>
          ),
      )}
    </svg>
  );
}

interface TileProps {
  line: ArtifactLine;
  before: ArtifactLine | undefined;
  isCurrent: boolean;
}

function Tile({ line, before, isCurrent }: TileProps) {
  const { value, run, of, origin, began_at } = line;
  const isSame = value.digest !== "" && value.digest === before?.value.digest;
  return (
    <li className={css.tile} style={{ width: TILE }}>
      <Link href={valueAddress(value, { of })} className={css.card} aria-current={isCurrent ? "true" : undefined}>
        <span className={css.run}>
          {origin && <StatusMark status="reused" />}
          <bdi>{run.split("/").at(-1)}</bdi>
          <span className={css.when}>{ago(began_at)}</span>
        </span>
        <span className={isSame ? css.same : css.small}>{isSame ? "as before" : <Small value={value} of={of} />}</span>
      </Link>
    </li>
  );
}

/** A value as small as a stamp. */
function Small({ value, of }: { value: Value; of: string }) {
  const shape = value.shape ?? [];
  if (shape.length > 1 && value.schema === null && value.dtype !== null) return <Stamp value={value} of={of} />;
  if (value.shape) return <span>{shapeText(value.shape)}</span>;
  return <bdi className={css.text}>{value.text || kindText(value)}</bdi>;
}

function Stamp({ value, of }: { value: Value; of: string }) {
  const slice = leadingAxes(value.shape ?? []).map(() => 0);
  const query = { ...inQuery({ of }), w: 112, h: 56, ...(slice.length ? { slice } : {}) };
  const { url } = useBlob(addressOf("/artifacts/{digest}/image", { digest: digestOf(value) }, query));
  return url ? <img className={css.stamp} src={url} alt={shapeText(value.shape ?? [])} /> : null;
}
