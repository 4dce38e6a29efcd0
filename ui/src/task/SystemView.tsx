import { useEffect, useMemo, useRef, useState } from "react";
import { useAsk } from "@/api/useAsk";
import { Curve } from "@/draw/Curve";
import { type Cursor, makeCursor } from "@/draw/cursor";

import { LogPanel } from "@/log/LogPanel";
import { Empty } from "@/parts/Empty";
import { bytes, bytesOf } from "@/words/numbers";
import { duration } from "@/words/times";
import css from "./MetricsView.module.css";
import { systemCharts } from "./systemCharts";
import type { ViewProps } from "./TaskPage";

/** An attempt is looked at once a second at first, later less often. */
const LOOK_MS = 1_500;
const NONE = "No curves: it took less than a second, or ran inline.";
const NONE_YET = "No curves yet: the first comes once it has run for a second; what runs inline has none.";

/** What an attempt used of its machine while it ran, above its log. Both share one time. */
export function SystemView({ task, page, attempt }: ViewProps) {
  const [cursor] = useState(makeCursor);
  const isLive = page.flight?.attempt === attempt;
  const { data, error, refetch } = useAsk("/runs/{flow}/{number}/tasks/{step}/{task}/system", {
    in: task,
    query: { attempt },
  });
  useAgain(isLive, refetch);
  const granted = (isLive ? page.flight?.granted : null) ?? grantedOf(page, attempt);
  const limit_bytes = granted?.memory_bytes ?? 0;
  const shown = isLive ? undefined : page.task.attempts?.find((one) => one.number === attempt);
  if (!data && !error) return <div className={css.split} />;
  return (
    <div className={css.split}>
      <div className={`${css.metrics} ${isLive || data?.rows.length ? css.steady : ""}`}>
        <header className={css.bar}>
          <h2>System</h2>
          {shown && (
            <span className={css.note}>
              {[
                `CPU ${duration(Number(shown.cpu_s))}`,
                shown.peak_bytes > 0 ? `peak of memory ${bytesOf(shown.peak_bytes, limit_bytes)}` : "",
                `read ${bytes(shown.read_bytes)}`,
                `written ${bytes(shown.written_bytes)}`,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          )}
        </header>
        {error && <Empty title="What it used is not known" lines={[error.message]} />}
        {data?.rows.length === 0 && <p className={css.alone}>{isLive ? NONE_YET : NONE}</p>}
        {data && <Charts rows={data.rows} cursor={cursor} limit_bytes={limit_bytes} isLive={isLive} />}
      </div>
      <div className={css.log}>
        <LogPanel place={{ task, attempt }} cursor={cursor} />
      </div>
    </div>
  );
}

/** Asks again while it runs, and once when that is over: what is looked at last is noted then. */
function useAgain(isLive: boolean, refetch: () => unknown): void {
  const wasLive = useRef(isLive);
  useEffect(() => {
    if (wasLive.current && !isLive) void refetch();
    wasLive.current = isLive;
    if (!isLive) return;
    const timer = setInterval(() => document.hidden || refetch(), LOOK_MS);
    return () => clearInterval(timer);
  }, [isLive, refetch]);
}

function grantedOf({ task }: ViewProps["page"], attempt: number) {
  return (task.attempts?.find((one) => one.number === attempt) ?? task.attempt).granted;
}

interface ChartsProps {
  rows: Parameters<typeof systemCharts>[0];
  cursor: Cursor;
  limit_bytes: number;
  isLive: boolean;
}

function Charts({ rows, cursor, limit_bytes, isLive }: ChartsProps) {
  const charts = useMemo(() => systemCharts(rows, limit_bytes), [rows, limit_bytes]);
  return (
    <div className={css.charts}>
      {charts.map(({ title, series }) => (
        <Curve key={title} title={title} series={series} x="time" cursor={cursor} live={isLive} height={130} />
      ))}
    </div>
  );
}
