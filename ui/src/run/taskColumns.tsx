import { Name } from "@/parts/Name";
import { StatusMark } from "@/parts/StatusMark";
import type { Column } from "@/parts/tableColumns";
import { bytesOf } from "@/words/numbers";
import { duration } from "@/words/times";
import css from "./TasksTab.module.css";
import { statusOf, type TaskLine } from "./taskRows";

/** The columns of a run's tasks. `begun`: when the run began, in milliseconds. */
export function taskColumns(begun: number): Column<TaskLine>[] {
  return [
    {
      id: "status",
      title: <span className="unseen">Status</span>,
      width: 14,
      cell: (task) => <StatusMark status={statusOf(task)} />,
    },
    { id: "task", title: "Task", width: 160, grow: 2, sort: "call", cell: (task) => <TaskName task={task} /> },
    { id: "why", title: "Result or cause", width: 160, grow: 3, cell: (task) => <Came task={task} /> },
    {
      id: "began",
      title: "Began",
      width: 72,
      end: true,
      sort: "began",
      cell: (task) => <Began task={task} begun={begun} />,
    },
    {
      id: "waited",
      title: "Waited",
      width: 72,
      end: true,
      cell: ({ waited_s }) => <Quiet text={waited_s === null ? "–" : duration(waited_s)} />,
    },
    { id: "took", title: "Took", width: 72, end: true, sort: "took", downFirst: true, cell: (task) => tookBy(task) },
    {
      id: "memory",
      title: "Memory",
      width: 118,
      end: true,
      sort: "memory",
      downFirst: true,
      cell: ({ peak_bytes, limit_bytes }) => <Quiet text={peak_bytes ? bytesOf(peak_bytes, limit_bytes) : "–"} />,
    },
  ];
}

/** A task on a phone: two lines. */
export function TaskLines({ task }: { task: TaskLine }) {
  return (
    <div className={css.lines}>
      <StatusMark status={statusOf(task)} />
      <span className={css.line}>
        <TaskName task={task} />
      </span>
      <span className={css.end}>{tookBy(task)}</span>
      <span className={css.second}>
        <Came task={task} />
      </span>
      <span className={css.end}>
        <Quiet text={task.peak_bytes ? bytesOf(task.peak_bytes, task.limit_bytes) : ""} />
      </span>
    </div>
  );
}

function TaskName({ task }: { task: TaskLine }) {
  return (
    <span className={css.name}>
      <b>
        <Name text={task.step} max={30} />
      </b>
      /{task.number}
      {task.attempt > 1 && <span className={css.quiet}> attempt {task.attempt}</span>}
    </span>
  );
}

/** What it came to: its result, or why there is none. */
function Came({ task }: { task: TaskLine }) {
  if (task.cause) {
    const text = [task.cause === "raised" ? "" : task.cause, task.message].filter(Boolean).join(": ");
    return (
      <span className={css.cause} title={text}>
        {text || task.cause}
      </span>
    );
  }
  if (task.origin) {
    return (
      <span className={css.quiet} title={`reused from ${task.origin}`}>
        from {task.origin}
      </span>
    );
  }
  return <code className={css.result}>{task.result?.text ?? ""}</code>;
}

function Began({ task, begun }: { task: TaskLine; begun: number }) {
  if (task.began_at === null) return <Quiet text="–" />;
  return <Quiet text={`+${duration(Math.max(0, Date.parse(task.began_at) - begun) / 1000)}`} />;
}

function tookBy(task: TaskLine) {
  return task.began_at === null ? <Quiet text="–" /> : duration(task.wall_s);
}

function Quiet({ text }: { text: string }) {
  return <span className={css.quiet}>{text}</span>;
}
