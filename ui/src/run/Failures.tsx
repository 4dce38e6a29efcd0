import { Link } from "wouter";
import { type RunRef, runAddress, taskAddress } from "@/api/names";
import type { Schemas } from "@/api/types";
import { CopyLine } from "@/parts/CopyLine";
import { StatusMark } from "@/parts/StatusMark";
import { counted } from "@/words/numbers";
import css from "./Failures.module.css";
import { mendOf, toldError } from "./failureWords";

type Page = Schemas["RunPage"];
type Task = Page["failures"][number];

const SHOWN = 3;

/** What went wrong, before everything else: the cause, and the command that mends it. */
export function Failures({ run, page }: { run: RunRef; page: Page }) {
  const { status } = page.run;
  const deadly = page.failures.filter(({ survived }) => !survived);
  const isQuiet = status === "done" || (status === "running" && deadly.length === 0);
  if (page.failures.length === 0 && !page.run.error && !ENDS[status]) return null;
  const command = mendOf(page.commands);
  return (
    <section className={isQuiet ? css.quiet : css.box} data-status={status} aria-label="What failed">
      <ul className={css.list}>
        {page.failures.slice(0, SHOWN).map((task) => (
          <Failure key={task.id} run={run} task={task} />
        ))}
        {page.failures.length === 0 && <Ending page={page} />}
        <More run={run} failed={page.counts.failed ?? 0} />
      </ul>
      {command && <CopyLine command={command} />}
    </section>
  );
}

function Failure({ run, task }: { run: RunRef; task: Task }) {
  const { cause, message } = toldError(task.error ?? { cause: "failed", type: "", message: "", traceback: "" });
  const name = `${task.step}/${task.number}`;
  return (
    <li>
      <StatusMark status="failed" />
      <div className={css.words}>
        <strong>
          <Link href={taskAddress({ ...run, step: task.step, task: task.number })}>{name}</Link> failed: {cause}
        </strong>
        {message && (
          <span className={css.message} title={message}>
            {message}
          </span>
        )}
        <span className={css.aside}>
          {task.attempt.number > 1 && `attempt ${task.attempt.number}`}
          {task.survived && " the flow was told, and went on"}
        </span>
      </div>
    </li>
  );
}

/** How a run ended of which no task failed. */
const ENDS: Record<string, { mark: string; title: string; line: string }> = {
  failed: { mark: "failed", title: "The flow's own body failed", line: "" },
  crashed: {
    mark: "failed",
    title: "The process that drove it is gone",
    line: "It was killed, or its machine was. What was finished is kept.",
  },
  interrupted: { mark: "cancelled", title: "It was interrupted", line: "What was finished is kept." },
  cancelled: { mark: "cancelled", title: "It was cancelled", line: "What was finished is kept." },
};

function Ending({ page: { run } }: { page: Page }) {
  const end = ENDS[run.status];
  if (!end) return null;
  const told = run.status === "failed" && run.error ? toldError(run.error) : null;
  return (
    <li>
      <StatusMark status={end.mark} />
      <div className={css.words}>
        <strong>{told ? `${end.title}: ${told.cause}` : end.title}</strong>
        <span className={told ? css.message : css.aside}>{told ? told.message : end.line}</span>
      </div>
    </li>
  );
}

function More({ run, failed }: { run: RunRef; failed: number }) {
  if (failed <= SHOWN) return null;
  return (
    <li className={css.more}>
      <Link href={runAddress(run, { view: "tasks", filter: "status:failed" })}>
        {counted(failed - SHOWN, "more task")} failed
      </Link>
    </li>
  );
}
