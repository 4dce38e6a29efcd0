import { useRow } from "@/api/rows";
import { Sparkline } from "@/draw/Sparkline";
import { numberOf } from "@/draw/series";
import { StatusMark } from "@/parts/StatusMark";
import { figure } from "@/words/numbers";
import type { ShownColumn } from "./columns";
import { None, RunName, Started, Took } from "./RunCells";
import css from "./RunLines.module.css";
import { runCurves, type TableRun } from "./runRows";

/** A run on a phone: two lines, with the first figure and the first curve. */
export function RunLines({ run, shown }: { run: TableRun; shown: readonly ShownColumn[] }) {
  const metric = shown.find((column) => column.kind === "metric" && column.which !== "curve");
  const curve = shown.find((column) => column.which === "curve");
  const { failed = 0 } = run.line.tasks;
  return (
    <div className={css.lines}>
      <span className={css.mark}>
        <StatusMark status={run.line.status} />
      </span>
      <span className={css.name}>
        <RunName run={run} />
      </span>
      <span className={css.figure}>{metric && <Figure run={run} word={metric.word} />}</span>
      <span className={css.facts}>
        <Took run={run} /> <span aria-hidden>·</span> <Started run={run} />
        {failed > 0 && <span className={css.failed}>{failed} failed</span>}
      </span>
      <span className={css.curve}>{curve && <Line run={run} name={curve.name} />}</span>
    </div>
  );
}

function Figure({ run, word }: { run: TableRun; word: string }) {
  const value = run.line.values[word];
  return value === undefined ? <None /> : figure(value as number | string);
}

function Line({ run, name }: { run: TableRun; name: string }) {
  const curve = useRow(runCurves, run.line.id)?.curves.get(name);
  const tone = run.line.status === "running" ? "running" : "quiet";
  if (!curve || curve.ys.length < 2) return null;
  return (
    <Sparkline
      label={name}
      xs={curve.xs.map(numberOf)}
      ys={curve.ys.map(numberOf)}
      width={84}
      height={18}
      tone={tone}
    />
  );
}
