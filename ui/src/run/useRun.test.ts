import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/types";
import { isMore, withCounts, withPatch } from "./useRun";

const page = {
  run: { id: "digits/3", status: "running", ended_at: null, duration_s: 3, tags: [] },
  counts: { done: 1, failed: 0, running: 2 },
  failures: [],
} as unknown as Schemas["RunPage"];

describe("a run that is patched", () => {
  it("is the same as long as nothing changes", () => {
    expect(withCounts(page, { done: 1, failed: 0, running: 2 })).toBe(page);
  });

  it("takes what a patch has, and keeps the rest", () => {
    const now = withPatch(page, { id: 1, status: "done", ended_at: "2026-03-01T00:00:00Z" });
    expect(now.run).toMatchObject({ status: "done", ended_at: "2026-03-01T00:00:00Z", duration_s: 3 });
  });

  it("no longer says how long it took when nobody knows", () => {
    expect(withPatch(page, { id: 1, status: "crashed", duration_s: null }).run.duration_s).toBeNull();
  });

  it("asks again when it is over, and when a task has failed", () => {
    expect(isMore(page, withCounts(page, { done: 3, failed: 0, running: 0 }))).toBe(false);
    expect(isMore(page, withCounts(page, { done: 1, failed: 1, running: 1 }))).toBe(true);
    expect(isMore(page, withPatch(page, { id: 1, status: "failed" }))).toBe(true);
  });

  it("asks no more than for the failures that are named", () => {
    const many = { ...page, failures: Array(20).fill({}), counts: { failed: 20 } } as typeof page;
    expect(isMore(many, withCounts(many, { failed: 5000 }))).toBe(false);
  });
});
