/** What stands in addresses of the page: a run, and a task of it. */

export interface RunRef {
  flow: string;
  /** "latest" as well. */
  number: number | string;
}

export interface TaskRef extends RunRef {
  step: string;
  /** Its number within the step. */
  task: number | string;
}

const part = (name: string | number) => encodeURIComponent(String(name));

/** `digits/3`, as the command line has it. */
export const runName = ({ flow, number }: RunRef): string => `${flow}/${number}`;
export const taskName = ({ step, task }: TaskRef): string => `${step}/${task}`;

export function runAddress({ flow, number }: RunRef, query: Query = {}): string {
  return withQuery(`/runs/${part(flow)}/${part(number)}`, query);
}

export function taskAddress(task: TaskRef, query: Query = {}): string {
  return withQuery(`${runAddress(task)}/${part(task.step)}/${part(task.task)}`, query);
}

export function artifactAddress(digest: string, query: Query = {}): string {
  return withQuery(`/artifacts/${digest}`, query);
}

export type Query = Record<string, string | number | undefined>;

/** An address with what is asked, as it is read best: `:`, `/` and `,` stay as they are. */
export function withQuery(path: string, query: Query): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") words.set(name, String(value));
  }
  const text = readable(words);
  return text ? `${path}?${text}` : path;
}

export function readable(words: URLSearchParams): string {
  return words.toString().replace(/%(3A|2F|2C)/g, decodeURIComponent);
}

/** `digits/3` split again. A flow's name has no `/`. */
export function parseRun(name: string): RunRef | null {
  const cut = name.lastIndexOf("/");
  return cut > 0 && cut < name.length - 1 ? { flow: name.slice(0, cut), number: name.slice(cut + 1) } : null;
}
