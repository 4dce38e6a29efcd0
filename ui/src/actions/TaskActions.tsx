import { GitFork } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type TaskRef, taskName } from "@/api/names";
import { useCommands } from "@/app/keys";
import { Button } from "@/parts/Button";

const ForkDialog = lazy(() => import("./ForkDialog"));

/** What can be done from a task on: a new run that reuses all before its step. */
export function TaskActions({ task }: { task: TaskRef }) {
  const [isOpen, setOpen] = useState(false);
  const open = () => setOpen(true);
  useCommands([{ does: `Fork from ${taskName(task)} on…`, run: open }]);
  return (
    <>
      <Button icon={<GitFork aria-hidden="true" />} onClick={open}>
        Fork from here
      </Button>
      <Suspense>
        {isOpen && <ForkDialog run={task} steps={[task.step]} from={task.step} onClose={() => setOpen(false)} />}
      </Suspense>
    </>
  );
}
