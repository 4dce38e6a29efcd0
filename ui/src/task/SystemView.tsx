import { useMemo, useState } from "react";
import { useAsk } from "@/api/useAsk";
import { Curve } from "@/draw/Curve";
import { type Cursor, makeCursor } from "@/draw/cursor";

import { LogPanel } from "@/log/LogPanel";
import { Empty } from "@/parts/Empty";
import { bytes } from "@/words/numbers";
import { duration } from "@/words/times";
import css from "./MetricsView.module.css";
import { systemCharts } from "./systemCharts";
import type { ViewProps } from "./TaskPage";

/** What an attempt used of its machine while it ran, above its log. Both share one time. */
export function SystemView({ task, page, attempt }: ViewProps) {
  const [cursor] = useState(makeCursor);
  const { data, error } = useAsk("/runs/{flow}/{number}/tasks/{step}/{task}/system", { in: task, query: { attempt } });
  const shown = page.task.attempts?.find((one) => one.number === attempt);
  if (!data && !error) return <div className={css.split} />;
  return (
    <div className={css.split}>
      <div className={css.metrics}>
        <header className={css.bar}>
          <h2>System</h2>
          {shown && (
            <span className={css.note}>
              {[
                `CPU ${duration(Number(shown.cpu_s))}`,
                shown.peak_bytes > 0 ? `peak of memory ${bytes(shown.peak_bytes)}` : "",
                `read ${bytes(shown.read_bytes)}`,
                `written ${bytes(shown.written_bytes)}`,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          )}
        </header>
        {error && <Empty title="What it used is not known" lines={[error.message]} />}
        {data?.rows.length === 0 && <p className={css.alone}>No curves: it took less than a second, or ran inline.</p>}
        {data && <Charts rows={data.rows} cursor={cursor} />}
      </div>
      <div className={css.log}>
        <LogPanel place={{ task, attempt }} cursor={cursor} />
      </div>
    </div>
  );
}

function Charts({ rows, cursor }: { rows: Parameters<typeof systemCharts>[0]; cursor: Cursor }) {
  const charts = useMemo(() => systemCharts(rows), [rows]);
  return (
    <div className={css.charts}>
      {charts.map(({ title, series }) => (
        <Curve key={title} title={title} series={series} x="time" cursor={cursor} height={130} />
      ))}
    </div>
  );
}
