import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useEvents } from "@/api/events";
import { type RunRef, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { calmPlace, seriesColour, useColours } from "@/draw/colours";
import type { TimelineLook } from "@/draw/timeline";
import type { Timeline } from "@/draw/timelineLanes";
import type { CriticalPath } from "@/draw/timelinePaint";
import { Empty } from "@/parts/Empty";
import { bytesOf, counted } from "@/words/numbers";
import { spanOf } from "./spans";
import style from "./TimelineTab.module.css";
import { TimelineView } from "./TimelineView";
import { useLater } from "./useLater";
import { useTimeline } from "./useTimeline";

const NEWS_MS = 1_000; // between two questions, whatever happens
const GROWS_MS = 2_000;

/** When the tasks of a run ran, worker by worker or step by step. */
export default function TimelineTab({ run }: { run: RunRef }) {
  const [by] = useParam("by", "worker");
  const [path] = useParam("path", "");
  const [from] = useParam("from", "");
  const [to] = useParam("to", "");
  const view = useMemo(() => spanOf(`${from}-${to}`), [from, to]);
  const place = useRef<HTMLElement>(null);
  const width = useWidth(place);
  const isLive = useAsk("/runs/{flow}/{number}", { in: run }).data?.run.status === "running";
  const version = useVersion(run, isLive);
  const { timeline, error } = useTimeline(run, by !== "step", view, width, version);
  const waited = useAsk("/runs/{flow}/{number}/timeline/path", { in: { ...run } }, { skip: path === "" });
  const critical = path ? ((waited.data as CriticalPath | undefined) ?? null) : null;
  const look = useLook(timeline, critical, isLive);
  const isEmpty = timeline !== null && timeline.lanes.length === 0 && view === null;
  return (
    <section aria-label="Timeline" className={style.tab} ref={place}>
      {error && timeline === null && <Empty title="The timeline can't be told" lines={[error.message]} />}
      {isEmpty && <Empty {...nothingRan(timeline)} />}
      {timeline && !isEmpty && (
        <TimelineView run={run} timeline={timeline} look={look} view={view} critical={critical} />
      )}
    </section>
  );
}

/** How it is drawn: by what the address says. */
function useLook(timeline: Timeline | null, critical: CriticalPath | null, isLive: boolean): TimelineLook {
  const [by] = useParam("by", "worker");
  const [only] = useParam("step", "");
  const [bars] = useParam("bars", "steps");
  const [path] = useParam("path", "");
  const [text] = useParam("picked", "");
  const tint = useColours();
  const steps = timeline?.steps;
  return useMemo(() => {
    const places = new Map((steps ?? []).map(({ name }, at) => [name, at]));
    const colourOf = (step: string) => seriesColour(calmPlace(places.get(step) ?? 0), tint);
    const parts = path ? (critical?.parts ?? []) : null;
    const [picked, byWorker] = [spanOf(text), by !== "step"];
    return { picked, colourOf, only, memory: bars === "memory", path: parts, byWorker, isLive, bytes: bytesOf };
  }, [steps, tint, text, only, bars, path, critical, by, isLive]);
}

/** Counts up as the run goes on: with what its tasks do, and as time goes by, since what runs grows. */
function useVersion(run: RunRef, isLive: boolean): number {
  const [version, setVersion] = useState(0);
  const later = useLater(NEWS_MS, () => setVersion((now) => now + 1));
  useEvents([`run:${runName(run)}`], ({ event }) => {
    if (event === "run.tasks" || event === "reset") later();
  });
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => document.hidden || later(), GROWS_MS);
    return () => clearInterval(timer);
  }, [isLive, later]);
  return version;
}

function useWidth(place: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (place.current === null) return;
    const sized = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
    sized.observe(place.current);
    return () => sized.disconnect();
  }, [place]);
  return width;
}

function nothingRan({ steps }: Timeline) {
  const reused = steps.reduce((sum, step) => sum + step.reused, 0);
  if (reused === 0)
    return { title: "Nothing has run yet", lines: ["Its tasks stand here from the moment they begin."] };
  return {
    title: "Nothing had to run",
    lines: [`${counted(reused, "task")} took over results of other runs: those are there at once.`],
  };
}
