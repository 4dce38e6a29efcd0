import { describe, expect, it } from "vitest";
import { runAddress, taskAddress } from "@/api/names";
import { match } from "./routes";

describe("match", () => {
  it("decodes each name by itself", () => {
    const task = { flow: "digits", number: 3, step: "a/b %2F?#", task: 2 };
    expect(match("/runs/:flow/:number/:step/:task", taskAddress(task))).toEqual({ ...task, number: "3", task: "2" });
  });

  it("tells addresses apart by their length, and takes a stray % as it stands", () => {
    expect(match("/runs/:flow/:number", "/runs/digits")).toBeNull();
    expect(match("/runs/:flow/:number", "/runs/100%/3/")).toEqual({ flow: "100%", number: "3" });
    expect(match("/runs", "/compare")).toBeNull();
  });
});

describe("runAddress", () => {
  it("leaves out what is not asked and keeps what is readable", () => {
    const run = { flow: "digits", number: "latest" };
    expect(runAddress(run, { view: "timeline", node: undefined, by: "" })).toBe("/runs/digits/latest?view=timeline");
    expect(runAddress(run, { open: "a,b" })).toBe("/runs/digits/latest?open=a,b");
  });
});
