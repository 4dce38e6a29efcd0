import type { ReactNode } from "react";
import { Link } from "wouter";
import { type RunRef, runAddress } from "@/api/names";
import type { Schemas } from "@/api/types";
import { HeadFacts, TimeFact } from "@/parts/HeadFacts";
import { Numbered } from "@/parts/Numbered";
import { PageHead } from "@/parts/PageHead";
import { Status } from "@/parts/StatusMark";
import { cutMiddle } from "@/words/cut";
import { count } from "@/words/numbers";
import { ago, clock, duration, elapsed, moment } from "@/words/times";
import css from "./RunHead.module.css";
import { useElapsed } from "./useElapsed";
import { useLeft } from "./useLeft";

type Page = Schemas["RunPage"];

const MOST_PARAMS = 4;

/** The run's name, its state, and what is to be known first. */
export function RunHead({ run, page, actions }: { run: RunRef; page: Page | undefined; actions?: ReactNode }) {
  const crumbs = [
    { text: "Runs", to: "/runs" },
    { text: run.flow, to: `/runs?filter=flow:${encodeURIComponent(run.flow)}` },
  ];
  return (
    <PageHead
      crumbs={crumbs}
      title={<Numbered name={run.flow} number={run.number} />}
      beside={page && <Status status={page.run.status} />}
      actions={actions}
    >
      <Facts page={page} />
    </PageHead>
  );
}

function Facts({ page }: { page: Page | undefined }) {
  if (page === undefined) return <HeadFacts />;
  const { run } = page;
  const isToday = new Date(run.created_at).toDateString() === new Date().toDateString();
  return (
    <HeadFacts>
      <Tasks page={page} />
      <Took run={run} />
      <Reused page={page} />
      <span title={moment(run.created_at)}>
        started <b>{isToday ? clock(run.created_at) : ago(run.created_at)}</b>
      </span>
      <Origin run={run} />
      <Params run={run} />
      <Left page={page} />
    </HeadFacts>
  );
}

function Tasks({ page: { run, counts } }: { page: Page }) {
  const total = Object.values(counts).reduce((sum, tasks) => sum + tasks, 0);
  const settled = total - (counts.waiting ?? 0) - (counts.running ?? 0);
  // Of a run that goes on there are moments in which nothing waits: its words stay.
  if (settled === total && run.status !== "running") {
    return (
      <span>
        <b>{count(total)}</b> {total === 1 ? "task" : "tasks"}
      </span>
    );
  }
  return (
    <span>
      <b className={css.settled} style={{ minWidth: `${count(total).length * 0.6}em` }}>
        {count(settled)}
      </b>{" "}
      of {count(total)} tasks
    </span>
  );
}

function Took({ run }: { run: Page["run"] }) {
  const isRunning = run.status === "running";
  const seconds = useElapsed(Number(run.duration_s), isRunning);
  if (run.duration_s === null) return null;
  return (
    <span>
      {isRunning ? "running for" : "took"} <TimeFact>{isRunning ? elapsed(seconds) : duration(seconds)}</TimeFact>
    </span>
  );
}

function Left({ page }: { page: Page }) {
  const left = useLeft(page);
  return left === "" ? null : <span>about {left} left</span>;
}

function Reused({ page: { run, saved_s: saved } }: { page: Page }) {
  const reused = run.steps.reduce((sum, step) => sum + (step.reused ?? 0), 0);
  if (reused === 0) return null;
  return (
    <span>
      <b>{count(reused)}</b> reused
      {typeof saved === "number" && saved > 0 && (
        <>
          , saved <b>{duration(saved)}</b>
        </>
      )}
    </span>
  );
}

function Origin({ run: { origin } }: { run: Page["run"] }) {
  if (!origin) return null;
  const [flow = "", number = ""] = origin.run.split("/");
  return (
    <span>
      forked from{" "}
      <Link className={css.link} href={runAddress({ flow, number })}>
        {origin.run}
      </Link>
    </span>
  );
}

function Params({ run: { params, seed } }: { run: Page["run"] }) {
  const shown = params.filter(({ value }) => value && value.text.length <= 60).slice(0, MOST_PARAMS);
  const more = params.length - shown.length;
  return (
    <>
      {shown.map(({ name, value }) => (
        <span key={name} title={value?.text}>
          {name} <code>{cutMiddle(value?.text ?? "", 24)}</code>
        </span>
      ))}
      {seed !== null && seed !== undefined && !shown.some(({ name }) => name === "seed") && (
        <span>
          seed <code>{seed}</code>
        </span>
      )}
      {more > 0 && <span>{more} more</span>}
    </>
  );
}
