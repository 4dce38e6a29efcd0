import { describe, expect, it } from "vitest";
import { barOf, figureOf, sharesOf, statusOf, toldCounts } from "./counts";

describe("what counts come to", () => {
  it("is what matters most of them", () => {
    expect(statusOf({ done: 5, failed: 1, running: 3 })).toBe("failed");
    expect(statusOf({ done: 5, running: 1 })).toBe("running");
    expect(statusOf({ done: 5, waiting: 1 })).toBe("running");
    expect(statusOf({ waiting: 1 })).toBe("waiting");
    expect(statusOf({ done: 5, cancelled: 1 })).toBe("done");
    expect(statusOf({ cancelled: 1 })).toBe("cancelled");
    expect(statusOf({})).toBe("waiting");
  });

  it("is reused where nothing ran", () => {
    expect([statusOf({ done: 3 }, 3), statusOf({ done: 3 }, 2), statusOf({ failed: 1, done: 1 }, 1)]).toEqual([
      "reused",
      "done",
      "failed",
    ]);
  });

  it("is a figure where there are several", () => {
    expect([{ done: 1 }, { done: 1200 }, { done: 22, running: 9 }].map(figureOf)).toEqual(["", "1,200", "22/31"]);
  });

  it("is a bar where there is something to see", () => {
    expect(barOf({ done: 300 })).toEqual([]);
    expect(barOf({ running: 1 })).toEqual([]);
    expect(barOf({ done: 2, failed: 1, waiting: 1 })).toEqual([
      { status: "done", share: 0.5 },
      { status: "failed", share: 0.25 },
    ]);
    expect(sharesOf({ done: 3 })).toEqual([{ status: "done", share: 1 }]);
  });

  it("is told in words", () => {
    expect(toldCounts({ running: 2, done: 1200 })).toBe("1,200 done, 2 running");
  });
});
