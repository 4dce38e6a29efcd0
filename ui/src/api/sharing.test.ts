import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeServer } from "./fakeServer";
import { type Channel, SharedStream } from "./sharing";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The tabs of one browser: what one says the others hear, and a lock is held by one at a time. */
class Browser {
  private channels = new Set<Channel>();
  private queues = new Map<string, Promise<void>>();

  channel = (): Channel => {
    const channel: Channel = {
      onmessage: null,
      postMessage: (said) => {
        const data = structuredClone(said);
        for (const other of this.channels) {
          if (other !== channel) queueMicrotask(() => other.onmessage?.({ data } as MessageEvent));
        }
      },
      close: () => {
        channel.onmessage = null;
        this.channels.delete(channel);
      },
    };
    this.channels.add(channel);
    return channel;
  };

  lock = (name: string, signal: AbortSignal, hold: () => Promise<void>): Promise<void> => {
    const before = this.queues.get(name) ?? Promise.resolve();
    const held = before.then(() => (signal.aborted ? undefined : hold()));
    this.queues.set(name, held);
    return held;
  };
}

function tab(name: string, browser: Browser | null, server: FakeServer) {
  const told: unknown[] = [];
  const states: string[] = [];
  const stream = new SharedStream({
    tab: name,
    open: server.open,
    tell: (messages, position) => told.push([messages.map(({ event }) => event), position]),
    onState: (state) => states.push(state),
    channel: () => (browser ?? new Browser()).channel(),
    lock: browser?.lock,
  });
  const listen = async (topics: string[], since = "") => {
    stream.join({ topics, folds: [], since });
    await server.settle();
  };
  return { stream, told, states, listen };
}

describe("SharedStream", () => {
  it("is one for all tabs, of what any of them listens to", async () => {
    const [server, browser] = [new FakeServer(), new Browser()];
    const [a, b] = [tab("a", browser, server), tab("b", browser, server)];
    await a.listen(["runs"]);
    await server.say("runs", [], "5");
    await b.listen(["runs", "run:digits/3"]);
    expect(server.openStreams).toBe(1);
    expect(server.asked.at(-1)).toEqual({ topics: ["run:digits/3", "runs"], folds: [], since: "5" });
    await server.say("run.tasks", {}, "6.1:2");
    expect(b.told).toEqual([[["run.tasks"], "6.1:2"]]);
    expect(a.told).toHaveLength(2);
    expect([a.states.at(-1), b.states.at(-1)]).toEqual(["live", "live"]);
  });

  it("is led by the next tab, from the same place, when the one that led is hidden", async () => {
    const [server, browser] = [new FakeServer(), new Browser()];
    const [a, b] = [tab("a", browser, server), tab("b", browser, server)];
    await a.listen(["runs", "run:digits/3"]);
    await b.listen(["runs"]);
    await server.say("runs", [], "5.1:2");
    a.stream.leave();
    await server.settle();
    expect(server.openStreams).toBe(1);
    expect(server.asked.at(-1)).toEqual({ topics: ["runs"], folds: [], since: "5.1:2" });
    b.stream.leave();
    expect(server.openStreams).toBe(0);
  });

  it("listens no longer to what only a tab wanted that has gone", async () => {
    const [server, browser] = [new FakeServer(), new Browser()];
    const [a, b] = [tab("a", browser, server), tab("b", browser, server)];
    await a.listen(["runs"]);
    await b.listen(["run:digits/3"]);
    b.stream.leave();
    await server.settle();
    expect(server.asked.at(-1)?.topics).toEqual(["runs"]);
  });

  it("goes back to where a tab stopped that was hidden meanwhile", async () => {
    const [server, browser] = [new FakeServer(), new Browser()];
    const [a, b] = [tab("a", browser, server), tab("b", browser, server)];
    await a.listen(["runs"]);
    await server.say("runs", [], "9");
    await b.listen(["runs"], "7");
    expect(server.asked.map(({ since }) => since)).toEqual(["", "7"]);
    await server.say("runs", [], "9");
    b.stream.change({ topics: ["runs"], folds: [], since: "9" });
    await server.settle();
    expect(server.asked).toHaveLength(2);
  });

  it("is each tab's own where the browser has no locks", async () => {
    const server = new FakeServer();
    const [a, b] = [tab("a", null, server), tab("b", null, server)];
    await a.listen(["runs"]);
    await b.listen(["runs"]);
    expect(server.openStreams).toBe(2);
  });
});
