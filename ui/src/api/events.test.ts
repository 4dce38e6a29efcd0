import { describe, expect, it } from "vitest";
import { type ApiEvent, eventOf, merged, partFor } from "./apiEvents";
import { earliest, reaches } from "./positions";
import { SseParser } from "./sse";

const STREAM =
  'retry: 1000\nid: 3\n\n: ping\n\nevent: run.tasks\ndata: {"run":"digits/3"}\n\nevent: runs\ndata: [{"id":7}]\nid: 3.1:5\n\n';

describe("SseParser", () => {
  it("finds the same events wherever the stream is cut", () => {
    const whole = new SseParser().push(STREAM);
    expect(whole).toEqual([
      { event: "", data: null, id: "3" },
      { event: "run.tasks", data: { run: "digits/3" }, id: "" },
      { event: "runs", data: [{ id: 7 }], id: "3.1:5" },
    ]);
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      const parser = new SseParser();
      expect([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))]).toEqual(whole);
    }
  });
});

describe("positions", () => {
  it("are joined to the earliest that each part knows", () => {
    expect(earliest(["9.1:5.2:7", "8.1:6", ""])).toBe("8.1:5.2:7");
    expect(earliest(["0.1:5", "8"])).toBe("8.1:5");
    expect(earliest(["", ""])).toBe("");
  });

  it("reach what is no earlier", () => {
    expect([reaches("", "8"), reaches("8", "8.1:5"), reaches("9.1:7", "8.1:5")]).toEqual([true, true, true]);
    expect([reaches("7", "8"), reaches("9.1:4", "8.1:5"), reaches("8", "")]).toEqual([false, false, false]);
  });
});

describe("events", () => {
  const tasks = (changed: number[] | null, done: number): ApiEvent => ({
    event: "run.tasks",
    data: { run: "digits/3", changed, counts: { done } },
  });

  it("of one frame are joined, resets first", () => {
    const reset: ApiEvent = { event: "reset", data: { topic: "runs" } };
    const metric = (from: number, to: number): ApiEvent => ({
      event: "metrics",
      data: { task: "digits/3", name: "loss", from, to },
    });
    expect(
      merged([
        { event: "runs", data: [{ id: 1, status: "running" }] },
        tasks([1, 2], 1),
        { event: "runs", data: [{ id: 2 }, { id: 1, tags: ["a"] }] },
        tasks([2, 3], 4),
        metric(3, 5),
        reset,
        metric(5, 9),
      ]),
    ).toEqual([
      reset,
      { event: "runs", data: [{ id: 1, status: "running", tags: ["a"] }, { id: 2 }] },
      tasks([1, 2, 3], 4),
      metric(3, 9),
    ]);
    expect(merged([tasks(null, 1), tasks([3], 2)])).toEqual([tasks(null, 2)]);
  });

  it("go to who listens to their topic, a run's row to who listens to that run", () => {
    const rows: ApiEvent = {
      event: "runs",
      data: [
        { id: 1, run: "digits/3" },
        { id: 2, run: "digits/4" },
      ],
    };
    expect(partFor(rows, ["run:digits/3"])).toEqual({ event: "runs", data: [{ id: 1, run: "digits/3" }] });
    expect(partFor(rows, ["run:digits/33"])).toBeNull();
    expect(partFor(rows, ["runs", "run:digits/3"])).toBe(rows);
    expect(partFor(tasks([], 0), ["run:digits/33"])).toBeNull();
    const metric: ApiEvent = { event: "metrics", data: { task: "digits/3/fit/1", name: "a", from: 0, to: 1 } };
    expect([partFor(metric, ["task:digits/3/fit/1"]), partFor(metric, ["run:digits/3"])]).toEqual([metric, null]);
  });

  it("of a later server are left out", () => {
    expect(eventOf({ event: "endpoints", data: {}, id: "" })).toBeNull();
  });
});
