import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "./ask";
import { type Asking, EventStream } from "./eventStream";
import { FakeServer } from "./fakeServer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TOPICS = ["runs", "run:digits/3"];

function opened(server: FakeServer) {
  const told: string[] = [];
  const states: string[] = [];
  const stream = new EventStream({
    open: server.open,
    tell: (messages) => told.push(...messages.map(({ event, data }) => `${event} ${JSON.stringify(data)}`)),
    onState: (state) => states.push(state),
    random: () => 0.5,
  });
  return { stream, told, states };
}

async function begun(server: FakeServer, since = "") {
  const all = opened(server);
  all.stream.ask({ topics: TOPICS, folds: [], since });
  await server.settle();
  return all;
}

describe("EventStream", () => {
  it("goes on where it broke, after half a second", async () => {
    const server = new FakeServer();
    const { told, states } = await begun(server);
    await server.say("runs", [{ id: 1 }], "5.1:2");
    await server.breakOff();
    expect(states).toEqual(["live", "lost"]);
    await vi.advanceTimersByTimeAsync(499);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked[1]).toEqual({ topics: TOPICS, folds: [], since: "5.1:2" });
    expect(states).toEqual(["live", "lost", "live"]);
    expect(told).toEqual(['runs [{"id":1}]']);
  });

  it("goes on where it began, where nothing has happened yet", async () => {
    const server = new FakeServer();
    const { told } = await begun(server);
    await server.begin("7");
    await server.breakOff();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.asked.map(({ since }) => since)).toEqual(["", "7"]);
    expect(told).toEqual([]);
  });

  it("has all loaded again that it can't know to be as it was", async () => {
    const server = new FakeServer();
    const { told } = await begun(server);
    await server.breakOff();
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual(['reset {"topic":"runs"}', 'reset {"topic":"run:digits/3"}']);
  });

  it("waits longer each time, says that the server has gone, and tries at once when told to", async () => {
    const server = new FakeServer();
    server.fail(new TypeError("connection refused"));
    const { stream, states } = await begun(server);
    await vi.advanceTimersByTimeAsync(500 + 1000 + 2000 + 4000 + 8000);
    expect(states).toEqual(["lost", "lost", "gone", "gone", "gone", "gone"]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(server.asked).toHaveLength(6);
    server.fail(null);
    stream.again();
    await server.settle();
    expect(states.at(-1)).toBe("live");
  });

  it("opens anew what has said nothing, not even a ping, for 40 seconds", async () => {
    const server = new FakeServer();
    const { states } = await begun(server, "5");
    await vi.advanceTimersByTimeAsync(39_000);
    await server.ping();
    await vi.advanceTimersByTimeAsync(39_000);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(states).toEqual(["live", "lost", "live"]);
  });

  it("leaves out a run that is gone, tells so, and listens to the rest", async () => {
    const server = new FakeServer();
    server.fail(new ApiError(404, "not_found", "there is no run digits/3; see `penstock ls digits`"), 1);
    const { told, states } = await begun(server, "5");
    expect(told).toEqual(['reset {"topic":"run:digits/3"}']);
    expect(server.asked.at(-1)).toEqual({ topics: ["runs"], folds: [], since: "5" });
    expect(states).toEqual(["live"]);
  });

  it("begins anew where its position is of another journal", async () => {
    const server = new FakeServer();
    server.fail(new ApiError(422, "wrong_position", "'x' is the id of no event", null, "since"), 1);
    const { told } = await begun(server, "x");
    expect(told).toHaveLength(2);
    expect(server.asked.map(({ since }: Asking) => since)).toEqual(["x", ""]);
  });

  it("does not try again with a token that is refused", async () => {
    const server = new FakeServer();
    server.fail(new ApiError(401, "no_token", "no token"));
    const { states } = await begun(server);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual(["refused"]);
    expect(server.asked).toHaveLength(1);
  });

  it("hears nothing more of what it listened to before", async () => {
    const server = new FakeServer();
    const { stream, told } = await begun(server);
    stream.ask({ topics: ["runs"], folds: [], since: "" });
    await server.settle();
    expect(server.openStreams).toBe(1);
    await server.say("runs", [{ id: 2 }], "6");
    expect(told).toEqual(['runs [{"id":2}]']);
    stream.end();
    expect(server.openStreams).toBe(0);
  });
});
