import { useEffect, useRef, useSyncExternalStore } from "react";
import { type ApiEvent, eventOf, merged, partFor, type RunPatch } from "./apiEvents";
import { addressOf, request } from "./ask";
import type { LiveState } from "./eventStream";
import { earliest } from "./positions";
import { SharedStream, type Want } from "./sharing";
import type { Message } from "./sse";
import { token } from "./token";

export type { ApiEvent, RunLine, RunPatch } from "./apiEvents";

interface EventsOptions {
  /** What an answer knew already, the `revision` of an index of runs say: nothing since then is missed. */
  since?: string | number | undefined;
  /** Nodes of the graph that are unfolded. */
  folds?: string[];
  /** Listen to nothing yet. */
  skip?: boolean;
}

/**
 * Hears what happens, once a frame: `useEvents(["run:digits/3"], (event) => ...)`. All listeners of all tabs share one
 * stream. A run and a task are told as they stand when one begins to listen; `reset`: load again.
 */
export function useEvents(topics: string[], on: (event: ApiEvent) => void, options: EventsOptions = {}): void {
  const { since = "", folds = [], skip = false } = options;
  const latest = useRef(on);
  const from = useRef("");
  useEffect(() => {
    latest.current = on;
    from.current = String(since);
  });
  const wanted = JSON.stringify([topics, folds]);
  useEffect(() => {
    if (skip) return;
    const [topics, folds] = JSON.parse(wanted) as [string[], string[]];
    return listen({ topics, folds, since: from.current, on: (event) => latest.current(event) });
  }, [wanted, skip]);
}

/** How the page stands with the server, and when it last heard from it. */
export interface Live {
  state: LiveState;
  /** When the data on the page was as it is on the server, in milliseconds. */
  at: number;
}

export function useLive(): Live {
  return useSyncExternalStore(watch, () => live);
}

/** Calls `then` each time that the server is back after it was lost. */
export function onceBack(then: () => void): () => void {
  backs.add(then);
  return () => backs.delete(then);
}

/** Tries now. */
export const reconnect = (): void => stream.again();

interface Listener extends Want {
  on: (event: ApiEvent) => void;
}

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
const backs = new Set<() => void>();
let live: Live = { state: "connecting", at: Date.now() };
const names = new Map<number, string>();
let waiting: ApiEvent[] = [];
let frame = 0;
let position = ""; // up to where this tab was told
let owed = ""; // from where a new listener has to be told
let changing: ReturnType<typeof setTimeout> | undefined;

const stream = new SharedStream({
  tab: String(Math.random()).slice(2),
  open: ({ topics, folds, since }, signal) =>
    request("GET", addressOf("/events", {}, { topics, open: folds.length > 0 ? folds : undefined, since }), { signal }),
  tell: hear,
  onState: enter,
  // Tabs of another project at the same address have another token, and no part in this stream.
  channel: () => new BroadcastChannel(`penstock-${(token() ?? "").slice(0, 8)}`),
  lock: navigator.locks
    ? async (name, signal, hold) => {
        await navigator.locks.request(`${name}-${(token() ?? "").slice(0, 8)}`, { signal }, hold);
      }
    : undefined,
});

/** Begins to listen, while the page is seen. Called once. */
export function startEvents(): void {
  const look = () => (document.hidden ? stream.leave() : stream.join(wantNow()));
  document.addEventListener("visibilitychange", look);
  addEventListener("online", reconnect);
  addEventListener("pagehide", () => stream.leave()); // a page that a browser keeps for "back" holds no lock
  addEventListener("pageshow", (event) => event.persisted && look());
  look();
}

function listen(listener: Listener): () => void {
  listeners.add(listener);
  owed = earliest([owed, listener.since]);
  changed();
  return () => {
    listeners.delete(listener);
    changed();
  };
}

// A page that is left and the next one change their topics in one turn: that is one stream opened, not three.
function changed(): void {
  clearTimeout(changing);
  changing = setTimeout(() => {
    if (!document.hidden) stream.change(wantNow());
  }, 20);
}

// The runs are always listened to: so their revision is in every position, and a page of runs goes on from there.
function wantNow(): Want {
  const all = [...listeners];
  const since = earliest([position, owed]);
  owed = "";
  return {
    topics: [...new Set(["runs", ...all.flatMap(({ topics }) => topics)])],
    folds: [...new Set(all.flatMap(({ folds }) => folds))],
    since,
  };
}

function hear(messages: Message[], now: string): void {
  position = now;
  for (const message of messages) {
    const event = eventOf(message);
    if (event?.event === "runs") event.data.forEach(nameRun);
    if (event) waiting.push(event);
  }
  if (!frame && waiting.length > 0) frame = requestAnimationFrame(deliver);
}

// Only the first patch of a run says which it is.
function nameRun(patch: RunPatch): void {
  if (patch.run) names.set(patch.id, patch.run);
  const name = names.get(patch.id);
  if (name) patch.run = name;
  if (names.size > 5_000) names.clear();
}

function deliver(): void {
  frame = 0;
  const events = merged(waiting);
  waiting = [];
  for (const event of events) {
    for (const { topics, on } of [...listeners]) {
      const part = partFor(event, topics);
      if (part) on(part);
    }
  }
}

function enter(state: LiveState, at: number): void {
  if (state === live.state) return;
  const wasLost = live.state === "lost" || live.state === "gone";
  live = { state, at };
  for (const watcher of watchers) watcher();
  if (state === "live" && wasLost) for (const back of backs) back();
}

function watch(listener: () => void): () => void {
  watchers.add(listener);
  return () => watchers.delete(listener);
}
