import { lazy, Suspense } from "react";
import { type TaskRef, taskAddress } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { LogPanel } from "@/log/LogPanel";
import { Boundary } from "@/parts/Boundary";
import { Empty } from "@/parts/Empty";
import { Views } from "@/parts/Views";
import { MetricsView } from "./MetricsView";
import { SystemView } from "./SystemView";
import { TaskFailure } from "./TaskFailure";
import { TaskHead, TaskHeadSkeleton } from "./TaskHead";
import css from "./TaskPage.module.css";
import { taskPath } from "./taskPath";
import { type TaskAnswer, useTaskPage } from "./useTaskPage";

const OutputsView = lazy(() => import("./OutputsView"));
const InputsView = lazy(() => import("./InputsView"));
const StepCodeView = lazy(() => import("./StepCodeView"));

/** A task: what it came to, what it logged and used while it ran, and what it was given. */
export default function TaskPage({ task }: { task: TaskRef }) {
  return <Task key={taskPath(task)} task={task} />;
}

function Task({ task }: { task: TaskRef }) {
  useTitle(taskPath(task));
  const { page, first, error } = useTaskPage(task);
  // What stands in the head comes of both: shown one after the other, one would move what the other has brought.
  const run = useAsk("/runs/{flow}/{number}", { in: task });
  const [tab] = useParam("tab", "");
  const [attempt] = useParam("attempt", "");
  if (error?.status === 404 && !page) return <Gone task={task} message={error.message} />;
  if (error && !page) return <Empty title={`${taskPath(task)} can't be shown`} lines={[error.message]} />;
  if (!page || !first || run.isPending) {
    return (
      <div className={css.page}>
        <TaskHeadSkeleton task={task} />
      </div>
    );
  }
  const chosen = Number(attempt) || Math.max(1, page.task.attempt.number);
  const views = viewsOf(task, attempt);
  const current = views.some(({ id }) => id === tab) ? tab : opening(first);
  return (
    <div className={css.page}>
      <TaskHead task={task} page={page} run={run.data} attempt={chosen} />
      <TaskFailure task={task} page={page} run={run.data} attempt={chosen} />
      <Views of="task" views={views} current={current} />
      <div className={css.view}>
        <Boundary key={current} name={`The ${current}`}>
          <Suspense>
            <View task={task} page={page} attempt={chosen} view={current} />
          </Suspense>
        </Boundary>
      </div>
    </div>
  );
}

export interface ViewProps {
  task: TaskRef;
  page: TaskAnswer;
  attempt: number;
}

function View({ view, ...props }: ViewProps & { view: string }) {
  const { task, attempt } = props;
  switch (view) {
    case "outputs":
      return <OutputsView {...props} />;
    case "metrics":
      return (
        <MetricsView
          place={{ task, attempt }}
          isThere={props.page.task.inputs !== null}
          isLive={props.page.flight !== null}
        />
      );
    case "system":
      return <SystemView {...props} />;
    case "inputs":
      return <InputsView {...props} />;
    case "code":
      return <StepCodeView {...props} />;
    default:
      return <LogPanel place={{ task, attempt }} />;
  }
}

const NAMES = { outputs: "Outputs", metrics: "Metrics", log: "Log", system: "System", inputs: "Inputs", code: "Code" };

function viewsOf(task: TaskRef, attempt: string) {
  return Object.entries(NAMES).map(([id, name]) => {
    const query = attempt ? { tab: id, attempt } : { tab: id };
    return { id, name, to: taskAddress(task, query) };
  });
}

/** What a reader looks for first: the last lines of what failed or runs, else what it came to. */
function opening({ task }: TaskAnswer): string {
  if (task.status === "failed" || task.status === "cancelled") return "log";
  return task.result || task.status === "done" ? "outputs" : "metrics";
}

function Gone({ task, message }: { task: TaskRef; message: string }) {
  const run = `${task.flow}/${task.number}`;
  return (
    <Empty title={`There is no task ${taskPath(task)}`} lines={[message]} code={`penstock show ${run}/${task.step}`} />
  );
}
