import { describe, expect, it } from "vitest";
import { forecastLines } from "./forecast";

const step = (name: string, run: number, reused = 0, whys: Record<string, number> = {}) => ({
  step: name,
  run,
  reused,
  whys,
});

describe("forecastLines", () => {
  it("says what is run and why, what is reused, and where knowledge ends", () => {
    const steps = [step("load", 0, 1), step("fit", 3, 2, { "its code changed": 2, "input depth is 2, was 4": 1 })];
    expect(forecastLines({ steps, stopped_at: "fit", left: { fit: 3, score: 4 }, error: "" })).toEqual([
      "runs 3 tasks of fit: its code changed, and 1 other reason",
      "reuses 3 tasks",
      "what follows fit depends on its result, 7 tasks in the run before",
    ]);
  });

  it("says that nothing is run, and what fails", () => {
    expect(forecastLines({ steps: [step("load", 0, 9)], stopped_at: "", left: {}, error: "" })).toEqual([
      "reuses 9 tasks",
      "runs nothing: every result is there",
    ]);
    expect(forecastLines({ steps: [], stopped_at: "", left: {}, error: "ValueError: n" })).toEqual([
      "then it fails: ValueError: n",
    ]);
  });

  it("says little of many steps, and nothing of what is no forecast", () => {
    const steps = ["a", "b", "c", "d", "e", "f"].map((name) => step(name, 1));
    expect(forecastLines({ steps, stopped_at: "", left: {}, error: "" }).at(-1)).toBe("and of 2 other steps");
    expect([null, "", [], {}].map(forecastLines)).toEqual([[], [], [], []]);
  });
});
