import { type TaskRef, taskName } from "@/api/names";

export default function TaskPage({ task }: { task: TaskRef }) {
  return <h1>{taskName(task)}</h1>;
}
