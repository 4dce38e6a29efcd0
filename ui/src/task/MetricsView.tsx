import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { setParams, useParam } from "@/app/useParam";
import { Curve } from "@/draw/Curve";
import type { Span } from "@/draw/scales";
import { LogPanel } from "@/log/LogPanel";
import { type LogPlace, pathOf } from "@/log/logPlace";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { Empty } from "@/parts/Empty";
import { count, counted, figure } from "@/words/numbers";
import type { CurveFeed } from "./curveFeed";
import { type LinkedCursors, linkedCursors } from "./linkedCursors";
import css from "./MetricsView.module.css";
import { type MetricGroup, type MetricInfo, metricGroups } from "./metricGroups";
import { useCurves, useHaveCome, useSeries } from "./useCurves";
import { useMetrics } from "./useMetrics";

/** Charts that are drawn before somebody asks for more. */
const MOST_CHARTS = 12;

interface MetricsViewProps {
  place: LogPlace;
  /** Whether a row tells of it yet; before, nothing can be asked. */
  isThere?: boolean;
  /** It may log more. */
  isLive: boolean;
  /** What the log is called. */
  title?: string;
  /** Many log none: then the log has all the room. */
  withoutMetrics?: boolean;
}

/** What a task, or a flow's own body, logged: its curves above its log. Both share one time. */
export function MetricsView({ place, isThere = true, isLive, title, withoutMetrics = false }: MetricsViewProps) {
  const feeds = useRef<ReadonlyMap<string, CurveFeed>>(new Map());
  const metrics = useMetrics(place, isThere, (name) => feeds.current.get(name)?.grow());
  const [cursors, setSource] = useCursors();
  if (!metrics) return <div className={css.split} />; // the log would move once they come
  const log = (
    <div className={css.log}>
      <LogPanel place={place} cursor={cursors.time} title={title ?? "Log"} />
    </div>
  );
  if (metrics.length === 0) {
    return (
      <div className={css.split}>
        {!withoutMetrics && <NoMetrics isThere={isThere} />}
        {log}
      </div>
    );
  }
  const key = pathOf(place);
  const more = { place, metrics, isLive, cursors, open: feeds, onFeed: setSource };
  return (
    <Metrics key={key} {...more}>
      {log}
    </Metrics>
  );
}

/** The cursors, and a function that says which curve tells the time of a step. */
function useCursors(): [LinkedCursors, (feed: CurveFeed) => void] {
  const [made] = useState(() => {
    let source: CurveFeed | null = null;
    const cursors = linkedCursors(() => source?.points ?? null);
    return [cursors, (feed: CurveFeed) => (source = feed)] as const;
  });
  return [made[0], made[1]];
}

interface MetricsProps {
  place: LogPlace;
  metrics: readonly MetricInfo[];
  isLive: boolean;
  /** Those that are drawn, by name: they hear of their growth. */
  open: RefObject<ReadonlyMap<string, CurveFeed>>;
  cursors: LinkedCursors;
  onFeed: (feed: CurveFeed) => void;
  /** What stands below. */
  children: ReactNode;
}

function Metrics({ place, metrics, isLive, open, cursors, onFeed, children }: MetricsProps) {
  const [x, setX] = useParam("x", "step");
  const [scale, setScale] = useParam("log", "");
  const [all, setAll] = useParam("all", "");
  const [range, onRange] = useRange();
  const curves = useMemo(() => metrics.filter((one) => one.points > 1), [metrics]);
  const known = curves.map((one) => one.name).join("\0");
  // biome-ignore lint/correctness/useExhaustiveDependencies: how many points there are changes no group
  const groups = useMemo(() => metricGroups(curves), [known]);
  const shown = useMemo(() => (all ? groups : groups.slice(0, MOST_CHARTS)), [groups, all]);
  const names = useMemo(() => shown.flatMap((group) => group.metrics.map((one) => one.name)), [shown]);
  const over = x === "time" ? "time" : "step";
  const feeds = useCurves({ place, names, x: over, range });
  useEffect(() => {
    open.current = feeds;
  }, [open, feeds]);
  const longest = longestOf(curves, feeds);
  if (longest) onFeed(longest);
  if (!useHaveCome(feeds)) return <div className={css.split} />;
  return (
    <div className={css.split}>
      <div className={css.metrics}>
        <header className={css.bar}>
          <h2>Metrics</h2>
          <span className={css.note}>{noteOf(curves, metrics.length)}</span>
          <span className={css.choices}>
            {range && (
              <Button size="small" kind="bare" onClick={() => onRange(null)}>
                Show all
              </Button>
            )}
            <Choice
              label="Over"
              options={[
                { value: "step", name: "Step" },
                { value: "time", name: "Time" },
              ]}
              value={over}
              onChange={(next) => {
                onRange(null);
                setX(next, { replace: true });
              }}
            />
            <Choice
              label="Scale"
              options={[
                { value: "", name: "Linear" },
                { value: "y", name: "Log" },
              ]}
              value={scale === "y" ? "y" : ""}
              onChange={(next) => setScale(next, { replace: true })}
            />
          </span>
        </header>
        <Figures metrics={metrics.filter((one) => one.points === 1)} />
        <div className={shown.length > 1 ? css.charts : css.chart}>
          {shown.map((group) => (
            <MetricChart
              key={group.title}
              group={group}
              feeds={feeds}
              x={over}
              log={scale === "y"}
              range={range}
              onRange={onRange}
              cursors={cursors}
              height={shown.length > 1 ? 170 : 220}
              isLive={isLive}
            />
          ))}
        </div>
        {shown.length < groups.length && (
          <Button className={css.more} onClick={() => setAll("1", { replace: true })}>
            {counted(groups.length - shown.length, "more chart")}
          </Button>
        )}
      </div>
      {children}
    </div>
  );
}

interface ChartProps {
  group: MetricGroup;
  feeds: ReadonlyMap<string, CurveFeed>;
  x: "step" | "time";
  log: boolean;
  range: Span | null;
  onRange: (range: Span | null) => void;
  cursors: LinkedCursors;
  height: number;
  isLive: boolean;
}

function MetricChart({ group, feeds, x, log, range, onRange, cursors, height, isLive }: ChartProps) {
  const own = useMemo(
    () =>
      group.metrics.flatMap(({ name }): [string, CurveFeed][] => {
        const feed = feeds.get(name);
        return feed ? [[name, feed]] : [];
      }),
    [group, feeds],
  );
  const places = useMemo(() => new Map(group.metrics.map(({ name }, at) => [name, at])), [group]);
  const series = useSeries(own, places);
  return (
    <Curve
      title={group.title}
      series={series}
      x={x}
      log={log}
      range={range}
      onRange={onRange}
      cursor={x === "time" ? cursors.time : cursors.step}
      height={height}
      live={isLive}
    />
  );
}

/** What was logged once: no curve, a number. */
function Figures({ metrics }: { metrics: readonly MetricInfo[] }) {
  if (metrics.length === 0) return null;
  return (
    <dl className={css.figures}>
      {metrics.map(({ name, last }) => (
        <div key={name}>
          <dt title={name}>{name}</dt>
          <dd title={String(last)}>{figure(last)}</dd>
        </div>
      ))}
    </dl>
  );
}

function NoMetrics({ isThere }: { isThere: boolean }) {
  const lines = [
    isThere ? "In the step, this makes a curve:" : "It has logged none yet. In the step, this makes a curve:",
  ];
  return (
    <div className={css.none}>
      <Empty title="No metrics" lines={lines} code={'log_metrics({"loss": loss}, step=epoch)'} />
    </div>
  );
}

function noteOf(curves: readonly MetricInfo[], all: number): string {
  const points = Math.max(0, ...curves.map((one) => one.points));
  const names = counted(all, "metric");
  return points > 1 ? `${names}, ${count(points)} points` : names;
}

function longestOf(curves: readonly MetricInfo[], feeds: ReadonlyMap<string, CurveFeed>): CurveFeed | undefined {
  const longest = curves.reduce<MetricInfo | undefined>(
    (known, one) => (feeds.has(one.name) && one.points > (known?.points ?? 0) ? one : known),
    undefined,
  );
  return longest && feeds.get(longest.name);
}

/** The part of x that is shown, by `from` and `to` of the address. */
function useRange(): [Span | null, (range: Span | null) => void] {
  const [from] = useParam("from", "");
  const [to] = useParam("to", "");
  const range = useMemo<Span | null>(() => {
    const span: Span = [Number(from), Number(to)];
    return from !== "" && to !== "" && span[0] < span[1] ? span : null;
  }, [from, to]);
  const [set] = useState(() => (next: Span | null) => {
    setParams({ from: next ? String(next[0]) : null, to: next ? String(next[1]) : null }, { replace: true });
  });
  return [range, set];
}
