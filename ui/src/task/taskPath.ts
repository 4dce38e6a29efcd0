import type { TaskRef } from "@/api/names";

/** "digits/3/train/2", as events and the command line have it. */
export function taskPath({ flow, number, step, task }: TaskRef): string {
  return `${flow}/${number}/${step}/${task}`;
}

/** A task of a path; null: it is none. */
export function parseTask(path: string): TaskRef | null {
  const [flow, number, step, task, ...more] = path.split("/");
  return flow && number && step && task && more.length === 0 ? { flow, number, step, task } : null;
}
