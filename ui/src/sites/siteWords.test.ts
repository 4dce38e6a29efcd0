import { describe, expect, it } from "vitest";
import { type Agent, heldWords, markOfAgent, type Site, shortName, siteWords, sortedTasks, taskRef } from "./siteWords";

const task = { task: "digits/3/train/1", status: "running", since: "", cpu: 1.5, memory_bytes: 1 << 30, gpu: 1 };
const agent = {
  name: "5f0c9a1e-gpus-1-2",
  state: "running",
  cpu: 4,
  memory_bytes: 2 ** 33,
  gpus: 2,
  tasks: [task],
} as Agent;

describe("an agent", () => {
  it("is called by what tells it from others of its run", () => {
    expect(shortName(agent.name)).toBe("gpus-1-2");
  });

  it("holds a part of what it has", () => {
    expect(heldWords(agent)).toBe("1.5 of 4 CPUs, 1.0 GiB of 8.0 GiB, 1 of 2 GPUs");
    expect(heldWords({ ...agent, memory_bytes: null, gpus: 0, tasks: [] })).toBe("0 of 4 CPUs");
  });

  it("has no size before it has come up", () => {
    expect(heldWords({ ...agent, cpu: null, tasks: [] })).toBe("");
    expect(heldWords({ ...agent, cpu: null })).toBe("1.5 CPUs");
  });

  it("is a warning where nothing is known of it", () => {
    expect(["pending", "running", "ended", "unknown"].map(markOfAgent)).toEqual([
      "waiting",
      "running",
      "cancelled",
      "warning",
    ]);
  });

  it("shows what runs before what waits", () => {
    const waits = { ...task, status: "placed", task: "digits/3/train/2" };
    expect(sortedTasks({ ...agent, tasks: [waits, task] })).toEqual([task, waits]);
  });
});

describe("a task", () => {
  it("is split at its last slash", () => {
    expect(taskRef("digits/3/load/all/2")).toEqual({ flow: "digits", number: "3", step: "load/all", task: "2" });
  });
});

describe("a site", () => {
  const site = (agents: Agent[]) => siteWords({ agents } as Site);

  it("is said in a few words", () => {
    expect(site([])).toBe("no agent now");
    expect(site([{ ...agent, state: "ended", tasks: [] }])).toBe("no agent now");
    expect(site([agent, { ...agent, state: "pending", tasks: [] }])).toBe(
      "1 agent there, 1 agent on the way, 1 task running",
    );
  });
});
