import type { Message } from "./sse";
import type { Schemas } from "./types";

export type RunLine = Schemas["RunLine"];
/** The fields of a run that have changed. */
export type RunPatch = Partial<RunLine> & { id: number };

interface Payloads {
  runs: RunPatch[];
  "run.graph": { run: string; nodes: Schemas["FoldedNode"][]; edges: Schemas["FoldedEdge"][] };
  /** `changed` null: too many to name; ask for the index anew. */
  "run.tasks": { run: string; changed: number[] | null; counts: Record<string, number> };
  task: { task: string; id: number; status: string; attempt: number; revision: number };
  /** `task` is the run's name where the flow's body logs. */
  metrics: { task: string; name: string; from: number; to: number };
  log: { task: string; attempt: number; file: string; begin: number; end: number; is_over: boolean };
  /** What has changed can't be told: load it again. */
  reset: { topic: string };
}

/** What the server tells as it happens: docs/api.md has each of them. */
export type ApiEvent = { [Name in keyof Payloads]: { event: Name; data: Payloads[Name] } }[keyof Payloads];

const NAMES: Record<ApiEvent["event"], true> = {
  runs: true,
  "run.graph": true,
  "run.tasks": true,
  task: true,
  metrics: true,
  log: true,
  reset: true,
};

/** The message as an event; null for a kind that a later server may have. */
export function eventOf({ event, data }: Message): ApiEvent | null {
  return Object.hasOwn(NAMES, event) ? ({ event, data } as ApiEvent) : null;
}

/**
 * What of an event is for who listens to these topics; null where nothing is. A run's topic tells that run's row in the
 * table of runs as well: `runs` with it alone.
 */
export function partFor(event: ApiEvent, topics: string[]): ApiEvent | null {
  if (event.event !== "runs") return topics.some((topic) => concerns(event, topic)) ? event : null;
  if (topics.includes("runs")) return event;
  const data = event.data.filter(({ run }) => topics.includes(`run:${run}`));
  return data.length > 0 ? { event: "runs", data } : null;
}

function concerns({ event, data }: Exclude<ApiEvent, { event: "runs" }>, topic: string): boolean {
  if (event === "reset") return topic === data.topic;
  if (event === "run.graph" || event === "run.tasks") return topic === `run:${data.run}`;
  return topic === `task:${data.task}` || topic === `run:${data.task}`;
}

/**
 * What came since the last frame as few events: the latest of each thing, changes joined. Resets stand first: what
 * follows one is newer than it.
 */
export function merged(events: ApiEvent[]): ApiEvent[] {
  const found = new Map<string, ApiEvent>();
  for (const event of events) {
    const key = keyOf(event);
    const known = found.get(key);
    found.set(key, known ? joined(known, event) : event);
  }
  const all = [...found.values()];
  return [...all.filter(({ event }) => event === "reset"), ...all.filter(({ event }) => event !== "reset")];
}

function keyOf({ event, data }: ApiEvent): string {
  if (event === "runs") return event;
  if (event === "run.graph" || event === "run.tasks") return `${event} ${data.run}`;
  if (event === "reset") return `${event} ${data.topic}`;
  return event === "metrics" ? `${event} ${data.task} ${data.name}` : `${event} ${data.task}`;
}

function joined(known: ApiEvent, next: ApiEvent): ApiEvent {
  if (known.event === "runs" && next.event === "runs") {
    return { event: "runs", data: byKey([...known.data, ...next.data], ({ id }) => id) };
  }
  if (known.event === "run.graph" && next.event === "run.graph") {
    const nodes = byKey([...known.data.nodes, ...next.data.nodes], ({ id }) => id);
    const led = new Set(next.data.edges.map(({ target }) => target));
    const edges = [...known.data.edges.filter(({ target }) => !led.has(target)), ...next.data.edges];
    return { event: "run.graph", data: { ...next.data, nodes, edges } };
  }
  if (known.event === "run.tasks" && next.event === "run.tasks") {
    const [before, now] = [known.data.changed, next.data.changed];
    const changed = before && now ? [...new Set([...before, ...now])] : null;
    return { event: "run.tasks", data: { ...next.data, changed } };
  }
  if (known.event === "metrics" && next.event === "metrics") {
    return { event: "metrics", data: { ...next.data, from: Math.min(known.data.from, next.data.from) } };
  }
  return next;
}

function byKey<T extends object>(all: T[], key: (one: T) => unknown): T[] {
  const found = new Map<unknown, T>();
  for (const one of all) found.set(key(one), { ...found.get(key(one)), ...one });
  return [...found.values()];
}
