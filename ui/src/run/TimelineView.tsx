import { type RefObject, useEffect, useMemo, useRef } from "react";
import { navigate } from "wouter/use-browser-location";
import { type RunRef, runName } from "@/api/names";
import { setParams } from "@/app/useParam";
import type { Span } from "@/draw/scales";
import { drawTimeline, heightOf, type TimelineHandle, type TimelineLook } from "@/draw/timeline";
import { lanesOf, type Timeline } from "@/draw/timelineLanes";
import type { CriticalPath } from "@/draw/timelinePaint";
import { counted } from "@/words/numbers";
import { duration } from "@/words/times";
import { PickedSpan } from "./PickedSpan";
import { setSpan, textOf } from "./spans";
import style from "./TimelineTab.module.css";
import { TimelineTools } from "./TimelineTools";
import { addressOfTask } from "./taskRows";

interface TimelineViewProps {
  run: RunRef;
  timeline: Timeline;
  look: TimelineLook;
  view: Span | null;
  critical: CriticalPath | null;
}

export function TimelineView({ run, timeline, look, view, critical }: TimelineViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const lanes = useMemo(() => lanesOf(timeline), [timeline]);
  const handle = useDrawn(run, box);
  useEffect(() => handle.current?.view(view), [handle, view]);
  useEffect(() => handle.current?.look(look), [handle, look]);
  useEffect(() => handle.current?.tell(timeline, lanes), [handle, timeline, lanes]);
  const height = heightOf(lanes);
  const { picked, colourOf } = look;
  return (
    <>
      <TimelineTools {...{ timeline, critical, colourOf, handle, picked }} />
      <div className={style.box} style={{ height, minHeight: Math.min(height, 240) }} ref={box}>
        <canvas className={style.canvas} role="img" aria-label={summaryOf(run, timeline)} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
        <section className={style.scroller} tabIndex={0} aria-label="Lanes">
          <div style={{ height }} />
        </section>
      </div>
      {picked && <PickedSpan run={run} picked={picked} onFit={() => setSpan(picked)} />}
    </>
  );
}

/** The drawing in the box, which puts into the address what is done to it. */
function useDrawn({ flow, number }: RunRef, box: RefObject<HTMLDivElement | null>) {
  const handle = useRef<TimelineHandle | null>(null);
  useEffect(() => {
    const [canvas, scroller] = [box.current?.querySelector("canvas"), box.current?.querySelector("section")];
    if (!box.current || !canvas || !scroller) return;
    const drawn = drawTimeline(box.current, canvas, scroller, {
      onView: setSpan,
      onPicked: (span) => setParams({ picked: span && `${textOf(span[0])}-${textOf(span[1])}` }),
      onOpen: (task) => navigate(addressOfTask({ flow, number }, task)),
    });
    handle.current = drawn;
    return () => drawn.remove();
  }, [box, flow, number]);
  return handle;
}

function summaryOf(run: RunRef, { lanes, start, end, busy }: Timeline): string {
  const sum = (of: "tasks" | "failed") =>
    lanes.reduce((all, lane) => lane.bars.reduce((some, bar) => some + bar[of], all), 0);
  const most = busy.reduce((a, b) => Math.max(a, b), 0);
  const failed = sum("failed") ? `, ${sum("failed")} failed` : "";
  return `Timeline of ${runName(run)} from ${duration(start)} to ${duration(end)}: ${counted(sum("tasks"), "task")}${failed}, in ${counted(lanes.length, "lane")}, at most ${Math.round(most)} at once. The tasks tab has them as a table.`;
}
