import type { TaskRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import { cpus } from "@/words/granted";
import { bytes, counted } from "@/words/numbers";

export type Site = Schemas["SiteInfo"];
export type Agent = Schemas["AgentInfo"];

const STATES: Record<string, string> = { pending: "waiting", running: "running", ended: "cancelled" };

/** The mark of an agent's state. One of which nothing is known is a warning. */
export function markOfAgent(state: string): string {
  return STATES[state] ?? "warning";
}

/** `gpus-1-2`: an agent's name without the nonce of its run. */
export function shortName(name: string): string {
  return name.slice(name.indexOf("-") + 1);
}

/** `1 of 4 CPUs, 2.0 of 8.0 GiB, 1 of 1 GPU`: what its lanes hold of what it has; "": nothing is known. */
export function heldWords({ cpu, memory_bytes, gpus, tasks }: Agent): string {
  const held = (of: (task: Agent["tasks"][number]) => number | string | null) =>
    tasks.reduce((sum, task) => sum + Number(of(task) ?? 0), 0);
  if (cpu === null) return tasks.length > 0 ? cpus(held((one) => one.cpu)) : "";
  const parts = [`${round(held((one) => one.cpu))} of ${cpus(Number(cpu))}`];
  const memory = held((one) => one.memory_bytes);
  if (memory_bytes !== null)
    parts.push(memory > 0 ? `${bytes(memory)} of ${bytes(memory_bytes)}` : bytes(memory_bytes));
  if (gpus) parts.push(`${held((one) => one.gpu)} of ${counted(gpus, "GPU")}`);
  return parts.join(", ");
}

const round = (n: number) => Number(n.toFixed(2));

/** How its tasks stand: those that run first. */
export function sortedTasks({ tasks }: Agent): Agent["tasks"] {
  return [...tasks].sort((a, b) => Number(b.status === "running") - Number(a.status === "running"));
}

/** `2 agents run, 1 waits; 3 tasks there`: a site in a few words. */
export function siteWords({ agents }: Site): string {
  const running = agents.filter(({ state }) => state === "running").length;
  const pending = agents.filter(({ state }) => state === "pending").length;
  const tasks = agents.reduce((sum, agent) => sum + agent.tasks.filter(({ status }) => status === "running").length, 0);
  const parts = [
    running > 0 ? `${counted(running, "agent")} there` : "",
    pending > 0 ? `${counted(pending, "agent")} on the way` : "",
    tasks > 0 ? `${counted(tasks, "task")} running` : "",
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "no agent now";
}

/** `digits/3/load/all/2` split again: a step's name may have a `/`. */
export function taskRef(task: string): TaskRef {
  const [flow = "", number = "", ...rest] = task.split("/");
  return { flow, number, step: rest.slice(0, -1).join("/"), task: rest.at(-1) ?? "" };
}
