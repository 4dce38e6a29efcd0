import { Link } from "wouter";
import { type TaskRef, taskAddress } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { CopyLine } from "@/parts/CopyLine";
import { StatusMark } from "@/parts/StatusMark";
import { mendOf, toldError } from "@/run/failureWords";
import { CodeLines } from "@/values/CodeLines";
import type { CodeLine } from "@/values/codeText";
import css from "./TaskFailure.module.css";
import { failingFrame, shortPath } from "./traceback";
import type { TaskAnswer } from "./useTaskPage";

interface FailureProps {
  task: TaskRef;
  page: TaskAnswer;
  run: Schemas["RunPage"] | undefined;
  attempt: number;
}

/** Why it failed: the error, the user's line that raised it, and the command that goes on from there. */
export function TaskFailure({ task, page, run, attempt }: FailureProps) {
  const [isOpen, open] = useParam("traceback", "");
  const tried = page.task.attempts?.find((one) => one.number === attempt);
  const error = tried ? tried.error : page.task.error;
  if (!error) return null;
  const { cause, message } = toldError(error);
  const more = error.message.slice(error.message.indexOf(message) + message.length).trim();
  const isLast = attempt === page.task.attempt.number && page.task.status === "failed";
  const mend = isLast && !page.task.survived && run ? mendOf(run.commands) : "";
  return (
    <section className={css.failure} data-quiet={!isLast || page.task.survived || undefined} aria-label="Why it failed">
      <StatusMark status="failed" />
      <div className={css.words}>
        <p>
          <strong>{cause}</strong>
          {message && <span className={css.message}>{message}</span>}
        </p>
        {more && <pre className={css.more}>{more}</pre>}
        <Place task={task} traceback={error.traceback} file={run?.run.file ?? ""} />
        <p className={css.aside}>
          {page.task.survived && <span>the flow was told, and went on</span>}
          {error.traceback && (
            <button
              type="button"
              aria-expanded={isOpen !== ""}
              onClick={() => open(isOpen ? "" : "1", { replace: true })}
            >
              {isOpen ? "Fold the traceback" : "The whole traceback"}
            </button>
          )}
        </p>
        {isOpen && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
          <pre className={css.traceback} tabIndex={0}>
            {error.traceback.trim()}
          </pre>
        )}
      </div>
      {mend && <CopyLine command={mend} />}
    </section>
  );
}

const AROUND = 1;

/** Where the user's code failed, with the lines around it, as they were then. */
function Place({ task, traceback, file }: { task: TaskRef; traceback: string; file: string }) {
  const frame = failingFrame(traceback);
  const place = frame ? shortPath(frame.file, file) : "";
  const isOwn = place !== "" && !place.startsWith("/");
  const { flow, number, step } = task;
  const { data, error } = useAsk(
    "/runs/{flow}/{number}/source",
    { in: { flow, number }, query: { place, step } },
    { skip: !isOwn },
  );
  if (!frame) return null;
  const first = Math.max(1, frame.line - AROUND);
  const known = data?.lines.slice(first - 1, frame.line + AROUND);
  // Until the lines are there, they have their room.
  const lines = known ?? (isOwn && !error ? roomFor(frame.line - first) : []);
  return (
    <>
      <p className={css.frame}>
        <Link href={taskAddress(task, { tab: "code" })}>
          {place}:{frame.line}
        </Link>
        {frame.name && <span> in {frame.name}</span>}
        {lines.length === 0 && frame.code && <code>{frame.code}</code>}
      </p>
      {lines.length > 0 && (
        <div className={css.excerpt}>
          <CodeLines key={known ? "code" : "room"} lines={lines} first={first} marked={new Set([frame.line])} />
        </div>
      )}
    </>
  );
}

function roomFor(before: number): CodeLine[] {
  return Array<CodeLine>(before + 1 + AROUND).fill([["", ""]]);
}
