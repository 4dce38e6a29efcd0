import { ChevronLeft, ChevronRight } from "lucide-react";
import { Link } from "wouter";
import { navigate } from "wouter/use-browser-location";
import { TaskActions } from "@/actions/TaskActions";
import { runAddress, runName, type TaskRef, taskAddress } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useKeys } from "@/app/keys";
import { setParams } from "@/app/useParam";
import { HeadFacts, TimeFact } from "@/parts/HeadFacts";
import { Name } from "@/parts/Name";
import { Numbered } from "@/parts/Numbered";
import { PageHead } from "@/parts/PageHead";
import { Status } from "@/parts/StatusMark";
import { useElapsed } from "@/run/useElapsed";
import { grantedWords } from "@/words/granted";
import { bytes, bytesOf, count } from "@/words/numbers";
import { clock, duration, elapsed, moment } from "@/words/times";
import css from "./TaskHead.module.css";
import { parseTask } from "./taskPath";
import type { TaskAnswer } from "./useTaskPage";

interface HeadProps {
  task: TaskRef;
  page: TaskAnswer;
  /** undefined: it can't be had. */
  run: Schemas["RunPage"] | undefined;
  attempt: number;
}

/** Which task it is, how it stands, and what is to be known first. */
export function TaskHead({ task, page, run, attempt }: HeadProps) {
  const status = page.task.origin ? "reused" : page.flight?.status === "waiting" ? "waiting" : page.task.status;
  return (
    <PageHead
      crumbs={crumbsOf(task)}
      title={<Numbered name={task.step} number={task.task} />}
      beside={
        <>
          <Status status={status} />
          <Attempts page={page} attempt={attempt} />
        </>
      }
      actions={
        <>
          <TaskActions task={task} />
          <Neighbours task={task} run={run} />
        </>
      }
    >
      <Facts page={page} attempt={attempt} />
      <Why page={page} />
    </PageHead>
  );
}

/** The same, before more is known of the task than its address. */
export function TaskHeadSkeleton({ task }: { task: TaskRef }) {
  return <PageHead crumbs={crumbsOf(task)} title={<Numbered name={task.step} number={task.task} />} />;
}

function crumbsOf(task: TaskRef) {
  return [
    { text: "Runs", to: "/runs" },
    { text: runName(task), to: runAddress(task) },
    { text: <Name text={task.step} />, to: runAddress(task, { node: task.step }) },
  ];
}

function Attempts({ page: { task }, attempt }: { page: TaskAnswer; attempt: number }) {
  const last = Math.max(task.attempt.number, task.attempts?.at(-1)?.number ?? 0);
  if (last < 2) return null;
  const numbers = Array.from({ length: last }, (_, at) => at + 1);
  return (
    <fieldset className={css.attempts} aria-label="Attempts">
      attempt
      {numbers.map((number) => (
        <button
          key={number}
          type="button"
          aria-pressed={number === attempt}
          title={statusOf(task, number)}
          onClick={() => setParams({ attempt: number === last ? null : String(number), line: null, find: null })}
        >
          {number}
        </button>
      ))}
    </fieldset>
  );
}

function statusOf(task: Schemas["TaskInfo"], number: number): string {
  const found = task.attempts?.find((one) => one.number === number);
  return `Attempt ${number} ${found?.status ?? ""}`.trim();
}

/** The tasks of the step before and after this one. */
function Neighbours({ task, run }: Pick<HeadProps, "task" | "run">) {
  const step = run?.run.steps.find((one) => one.step === task.step);
  const { waiting = 0, running = 0, done = 0, failed = 0, cancelled = 0 } = step ?? {};
  const last = waiting + running + done + failed + cancelled;
  const number = Number(task.task);
  const to = (other: number) => taskAddress({ ...task, task: other }) + tabOnly();
  const go = (other: number) => {
    if (other >= 1 && other <= last) navigate(to(other));
  };
  useKeys({
    "[": { does: "The task before", group: "Task", run: () => go(number - 1) },
    "]": { does: "The next task", group: "Task", run: () => go(number + 1) },
  });
  if (last < 2) return null;
  return (
    <nav className={css.neighbours} aria-label="Tasks of the step">
      <Neighbour to={number > 1 ? to(number - 1) : ""} label="The task before" hint="[">
        <ChevronLeft aria-hidden="true" />
      </Neighbour>
      <span>
        {count(number)} of {count(last)}
      </span>
      <Neighbour to={number < last ? to(number + 1) : ""} label="The next task" hint="]">
        <ChevronRight aria-hidden="true" />
      </Neighbour>
    </nav>
  );
}

function Neighbour({
  to,
  label,
  hint,
  children,
}: {
  to: string;
  label: string;
  hint: string;
  children: React.ReactNode;
}) {
  if (!to) return <span className={css.end}>{children}</span>;
  return (
    <Link href={to} aria-label={label} title={`${label} (${hint})`}>
      {children}
    </Link>
  );
}

/** What of the address holds for another task, too. */
function tabOnly(): string {
  const tab = new URLSearchParams(location.search).get("tab");
  return tab ? `?tab=${tab}` : "";
}

function Facts({ page: { task, flight }, attempt }: { page: TaskAnswer; attempt: number }) {
  const shown = task.attempts?.find((one) => one.number === attempt) ?? task.attempt;
  const isGoingOn = flight !== null && flight !== undefined && (flight.attempt ?? 0) === attempt;
  const since = flight ? Date.parse(flight.since) : 0;
  const granted = (isGoingOn ? flight.granted : null) ?? shown.granted;
  const isLast = attempt === task.attempt.number;
  const began = shown.began_at ?? (isGoingOn && flight?.attempt ? flight.since : null);
  return (
    <HeadFacts>
      {flight && (isGoingOn || !flight.attempt) ? (
        <Going verb={flight.status === "running" ? "running for" : "waiting for"} since={since} />
      ) : (
        !task.origin && (
          <span>
            took <b>{duration(Number(shown.wall_s))}</b>
          </span>
        )
      )}
      {began && (
        <span title={moment(began)}>
          began <b>{clock(began)}</b>
        </span>
      )}
      <Waited isOver={isLast && !isGoingOn} seconds={task.waited_s} />
      {shown.peak_bytes > 0 ? (
        <span>
          peak <b>{bytesOf(shown.peak_bytes, granted?.memory_bytes)}</b>
        </span>
      ) : (
        granted?.memory_bytes && (
          <span>
            memory up to <b>{bytes(granted.memory_bytes)}</b>
          </span>
        )
      )}
      {Number(shown.cpu_s) > 0 && (
        <span>
          CPU <b>{duration(Number(shown.cpu_s))}</b>
        </span>
      )}
      {granted && (
        <span>
          given <b>{grantedWords(granted)}</b>
        </span>
      )}
      {shown.worker && (
        <span>
          on <code>{shown.worker}</code>
        </span>
      )}
      {flight?.awaited && <span>waits for {flight.awaited}</span>}
      {(flight?.loops ?? []).map((loop) => (
        <Loop key={loop.label} loop={loop} />
      ))}
    </HeadFacts>
  );
}

const WAITED_S = 0.1; // what is shorter is the way to a worker

/** Until the latest attempt began, since it could have. */
function Waited({ isOver, seconds }: { isOver: boolean; seconds: unknown }) {
  const waited = Number(seconds ?? 0);
  if (!isOver || waited < WAITED_S) return null;
  return (
    <span>
      waited <b>{duration(waited)}</b>
    </span>
  );
}

function Going({ verb, since }: { verb: string; since: number }) {
  const seconds = useElapsed(Math.max(0, (Date.now() - since) / 1_000), true);
  return (
    <span>
      {verb} <TimeFact>{elapsed(seconds)}</TimeFact>
    </span>
  );
}

function Loop({ loop: { label, done, total } }: { loop: Schemas["LoopInfo"] }) {
  return (
    <span className={css.loop}>
      {label} <b>{count(done)}</b>
      {total ? ` of ${count(total)}` : ""}
      {total ? <progress max={total} value={done} aria-label={label} /> : null}
    </span>
  );
}

/** Why it ran, in a line, or whose result it took over. */
function Why({ page: { task, why } }: { page: TaskAnswer }) {
  const origin = parseTask(task.origin ?? "");
  if (origin) {
    return (
      <p className={css.why}>
        its result was taken from <Link href={taskAddress(origin)}>{task.origin}</Link>
      </p>
    );
  }
  if (!why?.line) return why ? null : <p className={css.why}>&nbsp;</p>; // it comes when the task has a row
  const compared = parseTask(why.compared_with ?? "");
  return (
    <p className={css.why}>
      {why.line.replace(`${task.id} `, "")}
      {compared && (
        <>
          {" · compared with "}
          <Link href={taskAddress(compared)}>{why.compared_with}</Link>
        </>
      )}
    </p>
  );
}
