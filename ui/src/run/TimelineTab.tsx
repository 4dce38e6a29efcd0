import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { type RunRef, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { setParams, useParam } from "@/app/useParam";
import { calmPlace, seriesColour, useColours } from "@/draw/colours";
import type { Span } from "@/draw/scales";
import { drawTimeline, type TimelineHandle, type TimelineLook } from "@/draw/timeline";
import type { Timeline } from "@/draw/timelineLanes";
import type { CriticalPath } from "@/draw/timelinePaint";
import { Empty } from "@/parts/Empty";
import { bytes, counted } from "@/words/numbers";
import { duration } from "@/words/times";
import { PickedSpan } from "./PickedSpan";
import { spanOf, textOf } from "./spans";
import style from "./TimelineTab.module.css";
import { TimelineTools } from "./TimelineTools";
import { addressOfTask } from "./taskRows";
import { useTimeline } from "./useTimeline";

/** When the tasks of a run ran, worker by worker or step by step. */
export default function TimelineTab({ run }: { run: RunRef }) {
  const [by] = useParam("by", "worker");
  const [only] = useParam("step", "");
  const [bars] = useParam("bars", "steps");
  const [path] = useParam("path", "");
  const [from] = useParam("from", "");
  const [to] = useParam("to", "");
  const [pickedText] = useParam("picked", "");
  const view = useMemo(() => spanOf(`${from}-${to}`), [from, to]);
  const picked = useMemo(() => spanOf(pickedText), [pickedText]);
  const byWorker = by !== "step";
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { timeline, error } = useTimeline(run, byWorker, view, width, 0);
  const waited = useAsk("/runs/{flow}/{number}/timeline/path", { in: { ...run } }, { skip: path === "" }).data as
    | CriticalPath
    | undefined;
  const tint = useColours();
  const steps = timeline?.steps;
  const look = useMemo<TimelineLook>(() => {
    const places = new Map((steps ?? []).map(({ name }, at) => [name, at]));
    const colourOf = (step: string) => seriesColour(calmPlace(places.get(step) ?? 0), tint);
    const parts = path ? (waited?.parts ?? []) : null;
    return { picked, colourOf, only, memory: bars === "memory", path: parts, byWorker, bytes };
  }, [steps, tint, picked, only, bars, path, waited, byWorker]);
  const { handle, height } = useDrawn(run, box, timeline, look, view);
  if (error && timeline === null) return <Empty title="The timeline can't be told" lines={[error.message]} />;
  const isEmpty = timeline !== null && timeline.lanes.length === 0 && view === null;
  return (
    <section aria-label="Timeline" className={style.tab}>
      <TimelineTools
        timeline={timeline}
        path={waited ?? null}
        colourOf={look.colourOf}
        handle={handle}
        picked={picked}
      />
      {isEmpty && <Empty {...nothingRan(timeline)} />}
      <div className={style.box} style={{ height: isEmpty ? 0 : height }} ref={box}>
        <canvas className={style.canvas} role="img" aria-label={summaryOf(run, timeline)} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
        <section className={style.scroller} tabIndex={0} aria-label="Lanes">
          <div style={{ height }} />
        </section>
      </div>
      <PickedSpan run={run} picked={picked} />
    </section>
  );
}

/** The drawing in the box: told what has changed, and putting into the address what is done to it. */
function useDrawn(
  run: RunRef,
  box: RefObject<HTMLDivElement | null>,
  timeline: Timeline | null,
  look: TimelineLook,
  view: Span | null,
) {
  const handle = useRef<TimelineHandle | null>(null);
  const [height, setHeight] = useState(360);
  const [, navigate] = useLocation();
  const open = useRef<(task: string) => void>(() => undefined);
  useEffect(() => {
    open.current = (task) => navigate(addressOfTask(run, task));
  });
  useEffect(() => {
    const [canvas, scroller] = [box.current?.querySelector("canvas"), box.current?.querySelector("section")];
    if (!box.current || !canvas || !scroller) return;
    const drawn = drawTimeline(box.current, canvas, scroller, {
      onView: (span) => setParams({ from: textOf(span?.[0]), to: textOf(span?.[1]) }, { replace: true }),
      onPicked: (span) => setParams({ picked: span && `${textOf(span[0])}-${textOf(span[1])}` }),
      onOpen: (task) => open.current(task),
      onHeight: setHeight,
    });
    handle.current = drawn;
    return () => drawn.remove();
  }, [box]);
  useEffect(() => handle.current?.view(view), [view]);
  useEffect(() => handle.current?.look(look), [look]);
  useEffect(() => {
    if (timeline) handle.current?.tell(timeline);
  }, [timeline]);
  return { handle, height };
}

function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (box.current === null) return;
    const sized = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
    sized.observe(box.current);
    return () => sized.disconnect();
  }, [box]);
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

function summaryOf(run: RunRef, timeline: Timeline | null): string {
  if (timeline === null) return `Timeline of ${runName(run)}`;
  const { lanes, start, end } = timeline;
  const sum = (of: "tasks" | "failed") =>
    lanes.reduce((all, lane) => lane.bars.reduce((some, bar) => some + bar[of], all), 0);
  const most = Math.max(0, ...timeline.busy);
  const failed = sum("failed") ? `, ${sum("failed")} failed` : "";
  return `Timeline of ${runName(run)} from ${duration(start)} to ${duration(end)}: ${counted(sum("tasks"), "task")}${failed}, in ${counted(lanes.length, "lane")}, at most ${Math.round(most)} at once. The tasks tab has them as a table.`;
}
