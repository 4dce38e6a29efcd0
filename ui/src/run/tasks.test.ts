import { describe, expect, it } from "vitest";
import { spanOf, textOf } from "./spans";
import { filterOfSpan, statusOf, type TaskLine, taskOf, withBounds } from "./taskRows";

describe("tasks in addresses and filters", () => {
  const run = { flow: "digits", number: 3 };

  it("split a task's name at its last slash", () => {
    expect(taskOf(run, "load/all/2")).toEqual({ ...run, step: "load/all", task: "2" });
  });

  it("ask for what ran within some seconds", () => {
    expect(filterOfSpan([1.25, 80])).toBe("ended>1.25s began<80s");
  });

  it("replace the bounds of a word, and keep the rest", () => {
    expect(withBounds("", "took", [0.1, 2])).toBe("took>=0.1s took<2s");
    expect(withBounds("step:fit took>=9s took<10s status:done", "took", [1, 2])).toBe(
      "step:fit status:done took>=1s took<2s",
    );
    expect(withBounds("mistook>3", "took", [1, 2])).toBe("mistook>3 took>=1s took<2s");
  });

  it("are reused where another run's result stands for them", () => {
    expect(statusOf({ status: "done", origin: "digits/2/load/1" } as TaskLine)).toBe("reused");
    expect(statusOf({ status: "failed", origin: "" } as TaskLine)).toBe("failed");
  });
});

describe("seconds in an address", () => {
  it("come back as they were", () => {
    expect(spanOf(`${textOf(1.23456)}-${textOf(80)}`)).toEqual([1.235, 80]);
  });

  it("are none where they are odd", () => {
    for (const text of ["", "-", "3", "5-3", "a-b", "1-2-3", "-1-2"]) expect(spanOf(text)).toBeNull();
  });
});
