import { Empty } from "@/parts/Empty";
import { Displays } from "@/values/Displays";
import { ValuePreview } from "@/values/ValuePreview";
import css from "./OutputsView.module.css";
import type { ViewProps } from "./TaskPage";

/** What a task came to: its result, and what it displayed. */
export default function OutputsView({ task, page }: ViewProps) {
  const { result, id, status, displays } = page.task;
  return (
    <div className={css.outputs}>
      <section aria-label="Result">
        {result ? (
          <ValuePreview value={result} place={{ of: id }} />
        ) : (
          <Empty title="No result" lines={[NONE[status] ?? "It comes when the task is done."]} />
        )}
      </section>
      {(displays ?? []).length > 0 && (
        <section aria-label="Displays">
          <h2>Displays</h2>
          <Displays of={task} quiet />
        </section>
      )}
    </div>
  );
}

const NONE: Record<string, string> = {
  done: "The step returned None.",
  failed: "The task failed.",
  cancelled: "The task was cancelled.",
};
