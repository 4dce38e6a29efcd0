/**
 * Up to where the journal is known: an event's id, `329.1:5.7:12`, is a revision of the runs and, by run, of its tasks.
 * A revision of an index of runs is one as well. "" knows nothing.
 */
interface Position {
  runs: number; // 0 where runs were not listened to
  tasks: Map<string, number>;
}

function read(text: string): Position {
  const [runs, ...tasks] = text.split(".");
  return { runs: Number(runs), tasks: new Map(tasks.map((one) => pair(one.split(":")))) };
}

const pair = ([run = "", revision = ""]: string[]): [string, number] => [run, Number(revision)];

/** From where none of them misses anything: of each part the lowest that one of them knows. */
export function earliest(texts: string[]): string {
  const all: Position = { runs: 0, tasks: new Map() };
  const known = texts.filter(Boolean);
  for (const { runs, tasks } of known.map(read)) {
    all.runs = Math.min(runs || all.runs, all.runs || runs);
    for (const [run, revision] of tasks) all.tasks.set(run, Math.min(revision, all.tasks.get(run) ?? revision));
  }
  if (known.length === 0) return "";
  return [String(all.runs), ...[...all.tasks].map(([run, revision]) => `${run}:${revision}`)].join(".");
}

/** Whether who knows the journal up to `text` has nothing to be told before what comes after `other`. */
export function reaches(text: string, other: string): boolean {
  return earliest([text, other]) === earliest([other]);
}
