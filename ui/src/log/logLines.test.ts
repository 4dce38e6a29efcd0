import { describe, expect, it, vi } from "vitest";
import { FakeLog, settled } from "./fakeLog";
import { BLOCK, LogLines } from "./logLines";

const numbered = (count: number) => Array.from({ length: count }, (_, place) => `line ${place + 1}`);

async function opened(log: FakeLog): Promise<LogLines> {
  const lines = new LogLines(log.ask);
  lines.open();
  await settled(() => lines.hasAnswered);
  return lines;
}

describe("LogLines", () => {
  it("has the last lines by one question, and others when they are wanted", async () => {
    const log = new FakeLog(numbered(100_000));
    const lines = await opened(log);
    expect([lines.count, lines.isOver, log.asked.length]).toEqual([100_000, true, 1]);
    expect(lines.at(100_000)?.text).toBe("line 100000");
    expect(lines.at(50_000)).toBeUndefined();

    lines.want(50_000, 50_040);
    await settled(() => lines.at(50_000) !== undefined);
    expect(lines.at(50_040)?.text).toBe("line 50040");
    expect(log.asked.length).toBe(2);
    lines.want(50_000, 50_040);
    expect(log.asked.length).toBe(2);
  });

  it("keeps 64 blocks, those that were used last", async () => {
    const lines = await opened(new FakeLog(numbered(100_000)));
    for (let block = 0; block < 80; block++) {
      lines.want(block * BLOCK + 1, block * BLOCK + 1);
      await settled(() => lines.at(block * BLOCK + 1) !== undefined);
    }
    const kept = Array.from({ length: 80 }, (_, block) => lines.at(block * BLOCK + 1)).filter(Boolean).length;
    expect(kept).toBe(64);
    expect(lines.at(79 * BLOCK + 1)?.text).toBe(`line ${79 * BLOCK + 1}`);
    expect(lines.at(1)).toBeUndefined();
  });

  it("asks for what is new alone, and for the end where it is far behind", async () => {
    const log = new FakeLog(numbered(10));
    log.isOver = false;
    const lines = await opened(log);
    log.lines = numbered(12);
    lines.grow();
    await settled(() => lines.count === 12);
    expect(lines.at(12)?.text).toBe("line 12");
    expect(log.asked.at(-1)).toContain("from=");

    log.lines = numbered(60_000);
    lines.grow();
    await settled(() => lines.count === 60_000);
    expect([lines.at(60_000)?.text, log.asked.length]).toEqual(["line 60000", 4]);
    log.isOver = true;
    lines.grow();
    await settled(() => lines.isOver);
    expect(lines.isOver).toBe(true);
  });

  it("asks once more for a block that has grown, and not without end for lines that don't come", async () => {
    const log = new FakeLog(numbered(300));
    const lines = await opened(log);
    log.lines = numbered(3);
    lines.again();
    await settled(() => lines.count === 3);
    lines.count = 20; // more than there are
    for (let turn = 0; turn < 5; turn++) {
      lines.want(1, 20);
      await settled(() => false);
    }
    expect(log.asked.length).toBeLessThan(5);
  });

  it("shows the end of a log that is being counted, and then all of it", async () => {
    vi.useFakeTimers();
    const log = new FakeLog(numbered(5_000));
    log.isCounted = false;
    const lines = await opened(log);
    expect([lines.isCounted, lines.count, lines.at(1000)?.text]).toEqual([false, 1000, "line 5000"]);
    lines.want(1, 10);
    log.isCounted = true;
    await vi.advanceTimersByTimeAsync(500);
    expect([lines.isCounted, lines.count, lines.at(5000)?.text]).toEqual([true, 5000, "line 5000"]);
    vi.useRealTimers();
  });

  it("says what went wrong, and asks no more until it is told to", async () => {
    const log = new FakeLog(numbered(5_000));
    let isDown = true;
    const lines = new LogLines((query) => (isDown ? Promise.reject(new Error("gone")) : log.ask(query)));
    lines.open();
    await settled(() => lines.error !== null);
    expect(lines.error?.message).toBe("gone");
    isDown = false;
    lines.again();
    await settled(() => lines.count === 5_000);
    expect(lines.error).toBeNull();
  });
});
