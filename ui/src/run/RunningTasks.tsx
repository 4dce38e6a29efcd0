import { useState } from "react";
import { Link } from "wouter";
import type { RunRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import { StatusMark } from "@/parts/StatusMark";
import { useNow } from "@/parts/useNow";
import { elapsed } from "@/words/times";
import css from "./RunningTasks.module.css";
import { addressOfTask } from "./taskRows";

const MOST = 12;

/** What runs now, the longest first: it stands in the table once it has ended. Whoever saw a run go on keeps the line to
 * its end, so that nothing below it moves. */
export function RunningTasks({ run, page }: { run: RunRef; page: Schemas["RunPage"] }) {
  const now = useNow(1_000);
  const isLive = page.run.status === "running";
  const [wasLive, setWasLive] = useState(isLive);
  if (isLive && !wasLive) setWasLive(true);
  if (!wasLive) return null;
  const running = page.run.in_flight.filter((task) => task.status === "running");
  const sorted = [...running].sort((a, b) => Date.parse(a.since) - Date.parse(b.since));
  return (
    <div className={css.place}>
      <StatusMark status={isLive ? "running" : page.run.status} silent />
      <span className={isLive ? css.live : css.word}>{isLive ? `${running.length} running` : "nothing runs now"}</span>
      <ul className={css.tasks}>
        {sorted.slice(0, MOST).map(({ task, since }) => {
          const name = task.split("/").slice(2).join("/");
          return (
            <li key={task}>
              <Link href={addressOfTask(run, name)} className={css.task}>
                {name} <span className={css.took}>{elapsed((now - Date.parse(since)) / 1000)}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
