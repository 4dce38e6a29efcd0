import { CornerDownRight } from "lucide-react";
import { type ReactNode, useContext } from "react";
import { useRow } from "@/api/rows";
import { Sparkline } from "@/draw/Sparkline";
import { numberOf } from "@/draw/series";
import { Name } from "@/parts/Name";
import { useNow } from "@/parts/useNow";
import { count, figure } from "@/words/numbers";
import { ago, duration, elapsed, moment } from "@/words/times";
import { FilterBy } from "./FilterBy";
import { termOf } from "./filterText";
import css from "./RunCells.module.css";
import { runCurves, type TableRun, tookBy } from "./runRows";

const DEEPEST = 6; // of which the indent is seen

/** What stands in the cells of a table of runs. */

export function RunName({ run, depth = 0 }: { run: TableRun; depth?: number }) {
  const { flow, number, name } = run.line;
  return (
    <span className={css.name} style={depth > 0 ? { paddingInlineStart: Math.min(depth, DEEPEST) * 18 } : undefined}>
      {depth > 0 && (
        <span className={css.fork} title={`a fork, ${depth} deep`}>
          <CornerDownRight size={13} aria-hidden />
        </span>
      )}
      <span className={css.flow}>
        <Name text={flow} max={26} />
      </span>
      <span className={css.number}>/{number}</span>
      {name && (
        <span className={css.called} title={name}>
          <bdi>{name}</bdi>
        </span>
      )}
    </span>
  );
}

export function Started({ run }: { run: TableRun }) {
  const now = useNow(30_000);
  return <span title={moment(run.line.created_at)}>{ago(run.line.created_at, new Date(now))}</span>;
}

export function Took({ run }: { run: TableRun }) {
  const { status, duration_s } = run.line;
  return status === "running" ? <Ticking run={run} /> : duration(duration_s && Number(duration_s));
}

function Ticking({ run }: { run: TableRun }) {
  return elapsed(tookBy(run, useNow(1_000)));
}

/** `depth=4 rate=0.01`: each a value to filter by. */
export function Params({ run, names }: { run: TableRun; names: readonly string[] }) {
  const shown = names.filter((name) => Object.hasOwn(run.line.values, name));
  const text = shown.map((name) => `${plain(name)}=${valueText(run.line.values[name])}`).join(" ");
  return (
    <span className={css.params} title={text}>
      {shown.map((name) => (
        <Value key={name} name={name} value={run.line.values[name]}>
          {plain(name)}={valueText(run.line.values[name])}
        </Value>
      ))}
    </span>
  );
}

export function Param({ run, name }: { run: TableRun; name: string }) {
  const value = run.line.values[name];
  if (value === undefined) return <None />;
  return (
    <span className={css.params} title={valueText(value)}>
      <Value name={name} value={value}>
        {valueText(value)}
      </Value>
    </span>
  );
}

export function Metric({ run, word }: { run: TableRun; word: string }) {
  const value = run.line.values[word];
  return value === undefined ? <None /> : <span className={css.metric}>{figure(value as number | string)}</span>;
}

export function MetricCurve({ run, name }: { run: TableRun; name: string }) {
  const curves = useRow(runCurves, run.line.id)?.curves;
  const curve = curves?.get(name);
  const tone = run.line.status === "running" ? "running" : "quiet";
  // What was logged once, by whichever step logged it last, is no curve.
  const only = curve?.ys.length === 1 ? curve.ys[0] : undefined;
  if (curves && !curve) return <None />;
  return (
    <span className={css.curve}>
      {only !== undefined && <span className={css.metric}>{figure(numberOf(only))}</span>}
      {curve && curve.ys.length > 1 && (
        <Sparkline
          label={name}
          xs={curve.xs.map(numberOf)}
          ys={curve.ys.map(numberOf)}
          width={112}
          height={20}
          tone={tone}
        />
      )}
    </span>
  );
}

export function Tags({ run }: { run: TableRun }) {
  return (
    <span className={css.tags} title={run.line.tags.join(" ")}>
      {run.line.tags.map((tag) => (
        <Value key={tag} name="tag" value={tag} isTag>
          {tag}
        </Value>
      ))}
    </span>
  );
}

/** What is left to do while it runs, what failed afterwards. */
export function Tasks({ run }: { run: TableRun }) {
  const { done = 0, failed = 0, cancelled = 0, waiting = 0, running = 0 } = run.line.tasks;
  const total = done + failed + cancelled + waiting + running;
  const over = done + failed + cancelled;
  if (run.line.status === "running" && total > 0) {
    return (
      <span className={css.tasks}>
        {failed > 0 && <span className={css.failed}>{count(failed)} failed</span>}
        <span className={css.bar} aria-hidden>
          <span className={css.part} style={{ transform: `scaleX(${over / total})` }} />
        </span>
        {count(over)} / {count(total)}
      </span>
    );
  }
  return (
    <span className={css.tasks}>
      {failed > 0 && <span className={css.failed}>{count(failed)} failed</span>}
      {count(total)}
    </span>
  );
}

export function None() {
  return <span className={css.none}>–</span>;
}

interface ValueProps {
  name: string;
  value: unknown;
  isTag?: boolean;
  children: ReactNode;
}

/** A value that filters by itself when it is clicked. */
function Value({ name, value, isTag = false, children }: ValueProps) {
  const filterBy = useContext(FilterBy);
  const term = termOf(name, value);
  return (
    <button
      type="button"
      tabIndex={-1}
      className={isTag ? css.tag : css.value}
      title={`filter: ${term}`}
      onClick={() => filterBy(term)}
    >
      {children}
    </button>
  );
}

const plain = (name: string) => name.replace(/^params\./, "");

export function valueText(value: unknown): string {
  if (value === null) return "none";
  if (value === "") return '""';
  return String(value);
}
