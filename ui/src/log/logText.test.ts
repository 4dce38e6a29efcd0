import { describe, expect, it } from "vitest";
import { FakeLog } from "./fakeLog";
import { lastError, textOf } from "./logText";

describe("textOf", () => {
  it("has lines without their colours, however many they are", async () => {
    const log = new FakeLog(Array.from({ length: 12_000 }, (_, place) => `\x1b[31mline\x1b[0m ${place + 1}`));
    const text = await textOf(log.ask, 3, 11_000);
    expect(text.split("\n").length).toBe(10_998);
    expect(text.startsWith("line 3\nline 4\n")).toBe(true);
    expect(text.endsWith("\nline 11000")).toBe(true);
    expect(await textOf(log.ask, 12_000, 99_999)).toBe("line 12000");
  });
});

describe("lastError", () => {
  const traceback = "Traceback (most recent call last)";

  it("is where the last traceback begins, else the last line that has the word", async () => {
    expect(await lastError(new FakeLog([traceback, "an error", traceback, "error"]).ask, 100)).toBe(3);
    expect(await lastError(new FakeLog(["fine", "an error", "fine"]).ask, 100)).toBe(2);
    expect(await lastError(new FakeLog(["fine"]).ask, 100)).toBe(0);
  });

  it("looks on where more is found than comes at once", async () => {
    const lines = Array.from({ length: 1_300 }, () => traceback);
    expect(await lastError(new FakeLog([...lines, "fine"]).ask, 100)).toBe(1_300);
  });
});
