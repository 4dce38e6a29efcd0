import { useCallback, useMemo, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { ask } from "@/api/ask";
import { type RunRef, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { FilterBox } from "@/parts/FilterBox";
import { TableFoot } from "@/parts/TableFoot";
import place from "@/parts/TablePage.module.css";
import { VirtualTable } from "@/parts/VirtualTable";
import { StatusFacets } from "@/runs/StatusFacets";
import { count, counted } from "@/words/numbers";
import { RunningTasks } from "./RunningTasks";
import { TaskDurations } from "./TaskDurations";
import css from "./TasksTab.module.css";
import { TaskLines, taskColumns } from "./taskColumns";
import { addressOfTask, type TaskLine, withBounds } from "./taskRows";
import { useTasks } from "./useTasks";

/** The tasks of a run as a table: what failed first, and above it how many took how long. */
export default function TasksTab({ run }: { run: RunRef }) {
  const { flow, number } = run;
  const [filter, setFilter] = useParam("filter", "");
  const [sort, setSort] = useParam("sort", "status");
  const [cursor, setCursor] = useState<number | null>(null);
  const { data: page } = useAsk("/runs/{flow}/{number}", { in: run });
  const { live, rows, took, ...tasks } = useTasks(run, filter, sort);
  const begun = Date.parse(page?.run.created_at ?? "");
  const columns = useMemo(() => taskColumns(begun), [begun]);
  const complete = useCallback(
    (q: string, at: number, signal: AbortSignal) =>
      ask("/runs/{flow}/{number}/tasks:complete", { in: { flow, number }, query: { q, at }, signal }),
    [flow, number],
  );
  const addressOf = useCallback((task: TaskLine) => addressOfTask({ flow, number }, task.task), [flow, number]);

  function open(id: number): void {
    const task = rows.get(id);
    if (task) navigate(addressOf(task));
  }

  if (!tasks.isReady || page === undefined) return <div className={`${place.page} ${css.tab}`} />;
  const settled = Object.entries(page.counts).filter(([status, tasks]) => status !== "running" && tasks > 0);
  return (
    <section className={`${place.page} ${css.tab}`} aria-label="Tasks">
      <div className={`${place.tools} ${css.tools}`}>
        <FilterBox
          label="Filter tasks"
          placeholder="step:train  status:failed  took>10s"
          value={filter}
          onChange={(next, isDone) => setFilter(next, { replace: !isDone })}
          error={tasks.error}
          complete={complete}
        />
        <StatusFacets statuses={settled.map(([name, runs]) => ({ name, runs }))} filter={filter} onFilter={setFilter} />
      </div>
      {took && <TaskDurations took={took} onRange={(span) => setFilter(withBounds(filter, "took", span))} />}
      <RunningTasks run={run} page={page} />
      {live.ids.length > 0 ? (
        <VirtualTable
          label={`Tasks of ${runName(run)}`}
          ids={live.ids}
          rows={rows}
          columns={columns}
          narrow={narrow}
          addressOf={addressOf}
          nameOf={nameOf}
          onOpen={open}
          onSeen={tasks.seen}
          onTop={live.onTop}
          isMoving={live.isMoving}
          sort={sort}
          onSort={setSort}
          cursor={cursor}
          onCursor={setCursor}
          place={`${runName(run)} ${filter} ${sort}`}
        />
      ) : (
        <NoTasks filter={filter} onFilter={setFilter} isRunning={page.run.status === "running"} />
      )}
      {live.fresh > 0 && (
        <button type="button" className={place.pill} onClick={live.take}>
          {counted(live.fresh, "more task")}
        </button>
      )}
      <TableFoot>
        {counted(tasks.total, "task")}
        {tasks.isPartial && `, of which the first ${count(live.ids.length)} can be reached: filter to see others`}
      </TableFoot>
    </section>
  );
}

interface NoTasksProps {
  filter: string;
  onFilter: (filter: string) => void;
  isRunning: boolean;
}

function NoTasks({ filter, onFilter, isRunning }: NoTasksProps) {
  if (filter) {
    return (
      <Empty title="Nothing matches">
        <p>
          No task of this run is like <code>{filter}</code>.
        </p>
        <Button onClick={() => onFilter("")}>Drop the filter</Button>
      </Empty>
    );
  }
  if (isRunning) return <Empty title="No task has ended yet" lines={["Each stands here as soon as it has."]} />;
  return <Empty title="This run called no step" lines={["A call of a function with @step, in the flow, is a task."]} />;
}

const nameOf = (task: TaskLine) => task.task;
const narrow = (task: TaskLine) => <TaskLines task={task} />;
