import { Link } from "wouter";
import { type RunRef, runAddress } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { setParams } from "@/app/useParam";
import type { Span } from "@/draw/scales";
import { Button } from "@/parts/Button";
import { Kbd } from "@/parts/Kbd";
import { counted } from "@/words/numbers";
import { duration } from "@/words/times";
import css from "./PickedSpan.module.css";
import { addressOfTask, type Durations, filterOfSpan } from "./taskRows";

/** What ran in the seconds that were dragged over: sum, mean and longest; the tasks tab shows these alone. */
export function PickedSpan({ run, picked, onFit }: { run: RunRef; picked: Span; onFit: () => void }) {
  const filter = filterOfSpan(picked);
  const found = useAsk("/runs/{flow}/{number}/tasks:durations", { in: run, query: { filter } }, { keep: true });
  const took = found.data as Durations | undefined;
  return (
    <div className={css.place}>
      <b className={css.span}>{duration(picked[1] - picked[0])}</b>
      {took && <Sums run={run} took={took} />}
      <span className={css.actions}>
        <Link className={css.link} href={runAddress(run, { view: "tasks", filter })}>
          Show these tasks
        </Link>
        <Button size="small" onClick={onFit}>
          Zoom in <Kbd keys="f" />
        </Button>
        <Button size="small" onClick={() => setParams({ picked: null })}>
          Clear
        </Button>
      </span>
    </div>
  );
}

function Sums({ run, took }: { run: RunRef; took: Durations }) {
  if (took.tasks === 0) return <span>no task ran</span>;
  return (
    <>
      <span>{counted(took.tasks, "task")}</span>
      <span>
        sum <b>{duration(took.wall_s)}</b>
      </span>
      <span>
        mean <b>{duration(took.wall_s / took.tasks)}</b>
      </span>
      <span>
        longest <b>{duration(took.longest_s)}</b>{" "}
        <Link className={css.task} href={addressOfTask(run, took.longest)}>
          {took.longest}
        </Link>
      </span>
    </>
  );
}
