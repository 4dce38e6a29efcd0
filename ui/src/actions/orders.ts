import { post, remove } from "@/api/ask";
import type { RunRef } from "@/api/names";
import type { Body, Schemas } from "@/api/types";

export type Started = Schemas["StartedAction"];

/** One thing to be done to a run or with a flow. `key`: asked for again with the same one, it is done once. */
export type Order = (how: { dryRun: boolean; key: string }) => Promise<Started>;

type Of<V extends string> = Body<`/runs/{flow}/{number}:${V}`, "post">;

export function resumeOrder(run: RunRef, body: Of<"resume">): Order {
  return (how) => post("/runs/{flow}/{number}:resume", { in: run, body, ...asked(how) });
}

export function forkOrder(run: RunRef, body: Of<"fork">): Order {
  return (how) => post("/runs/{flow}/{number}:fork", { in: run, body, ...asked(how) });
}

export function tagOrder(run: RunRef, body: Of<"tag">): Order {
  return (how) => post("/runs/{flow}/{number}:tag", { in: run, body, ...asked(how) });
}

export function noteOrder(run: RunRef, body: Of<"note">): Order {
  return (how) => post("/runs/{flow}/{number}:note", { in: run, body, ...asked(how) });
}

export function cancelOrder(run: RunRef): Order {
  return (how) => post("/runs/{flow}/{number}:cancel", { in: run, ...asked(how) });
}

export function removeOrder(run: RunRef): Order {
  return (how) => remove("/runs/{flow}/{number}", { in: run, ...asked(how) });
}

export function startOrder(flow: string, body: Body<"/flows/{flow}:start", "post">): Order {
  return (how) => post("/flows/{flow}:start", { in: { flow }, body, ...asked(how) });
}

function asked({ dryRun, key }: { dryRun: boolean; key: string }) {
  return { query: { dry_run: dryRun }, headers: key ? { "Idempotency-Key": key } : {} };
}

/** A key that nobody else has asked with. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
