import type { RefObject } from "react";
import { useKeys } from "@/app/keys";
import { useParam } from "@/app/useParam";
import type { Span } from "@/draw/scales";
import type { TimelineHandle } from "@/draw/timeline";
import type { Timeline } from "@/draw/timelineLanes";
import type { CriticalPath } from "@/draw/timelinePaint";
import { Kbd } from "@/parts/Kbd";
import { Name } from "@/parts/Name";
import { counted } from "@/words/numbers";
import { duration } from "@/words/times";
import { setSpan } from "./spans";
import style from "./TimelineTools.module.css";

const MOST_STEPS = 12;

interface ToolsProps {
  timeline: Timeline;
  critical: CriticalPath | null;
  colourOf: (step: string) => string;
  handle: RefObject<TimelineHandle | null>;
  picked: Span | null;
}

/** What the colours mean, what is shown, and the keys. */
export function TimelineTools({ timeline, critical, colourOf, handle, picked }: ToolsProps) {
  const [by, setBy] = useParam("by", "worker");
  const [bars, setBars] = useParam("bars", "steps");
  const [shown, setShown] = useParam("path", "");
  useTimelineKeys(handle, picked);
  const reused = timeline.steps.reduce((sum, step) => sum + step.reused, 0);
  return (
    <div className={style.tools}>
      <Steps steps={timeline.steps} colourOf={colourOf} />
      {(reused > 0 || shown !== "" || timeline.is_partial) && (
        <p className={style.notes}>
          {reused > 0 && <span>{counted(reused, "task")} reused, at once</span>}
          {critical && <span>{pathNote(critical)}</span>}
          {timeline.is_partial && <span>more lanes than these 200</span>}
        </p>
      )}
      <fieldset className={style.choices}>
        <legend className="unseen">What is shown</legend>
        <Choice name="by worker" on={by === "worker"} set={() => setBy("worker")} />
        <Choice name="by step" on={by === "step"} set={() => setBy("step")} />
      </fieldset>
      <Choice name="critical path" on={shown !== ""} set={() => setShown(shown ? "" : "on")} />
      <Choice
        name="memory against its limit"
        on={bars === "memory"}
        set={() => setBars(bars === "memory" ? "steps" : "memory")}
      />
      <p className={style.keys} aria-hidden>
        <Kbd keys="w" />
        <Kbd keys="s" /> zoom <Kbd keys="a" />
        <Kbd keys="d" /> move <Kbd keys="0" /> all
      </p>
    </div>
  );
}

function Steps({ steps, colourOf }: { steps: Timeline["steps"]; colourOf: (step: string) => string }) {
  const [only, setOnly] = useParam("step", "");
  return (
    <ul className={style.steps}>
      {steps.slice(0, MOST_STEPS).map(({ name }) => (
        <li key={name}>
          <button
            type="button"
            className={style.step}
            aria-pressed={only === name}
            onClick={() => setOnly(only === name ? "" : name)}
          >
            <i className={style.mark} style={{ background: colourOf(name) }} aria-hidden />
            <Name text={name} max={24} />
          </button>
        </li>
      ))}
      {steps.length > MOST_STEPS && <li className={style.more}>and {steps.length - MOST_STEPS} more</li>}
    </ul>
  );
}

function Choice({ name, on, set }: { name: string; on: boolean; set: () => void }) {
  return (
    <button type="button" className={style.choice} aria-pressed={on} onClick={set}>
      {name}
    </button>
  );
}

function useTimelineKeys(handle: RefObject<TimelineHandle | null>, picked: Span | null) {
  const group = "Timeline";
  useKeys({
    w: { does: "zoom in", group, run: () => handle.current?.zoom(1 / 1.5) },
    s: { does: "zoom out", group, run: () => handle.current?.zoom(1.5) },
    a: { does: "earlier", group, run: () => handle.current?.pan(-0.25) },
    d: { does: "later", group, run: () => handle.current?.pan(0.25) },
    0: { does: "the whole run", group, run: () => setSpan(null) },
    f: { does: "fit what is chosen", group, run: () => picked && setSpan(picked) },
  });
}

function pathNote({ parts, is_partial }: CriticalPath): string {
  const busy = parts.reduce((sum, part) => sum + part.end - part.start, 0);
  const begun = parts[0];
  const whole = begun ? (parts.at(-1)?.end ?? 0) - begun.start : 0;
  const cut = is_partial ? ", the last of them" : "";
  return `waited for ${counted(parts.length, "task")}${cut}: ${duration(busy)} of ${duration(whole)}`;
}
