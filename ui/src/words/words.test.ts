import { describe, expect, it } from "vitest";
import { cutMiddle } from "./cut";
import { grantedWords, limitWords } from "./granted";
import { bytes, bytesOf, count, counted, figure, percent } from "./numbers";
import { ago, clock, day, duration, elapsed } from "./times";

describe("numbers", () => {
  it("groups thousands and says one of one", () => {
    expect(count(1200)).toBe("1,200");
    expect([counted(1, "run"), counted(2, "run"), counted(0, "run")]).toEqual(["1 run", "2 runs", "0 runs"]);
  });

  it("gives sizes with the figures that count", () => {
    expect([512, 2048, 65536, 2.1 * 2 ** 30, 0].map(bytes)).toEqual(["512 B", "2.0 kiB", "64 kiB", "2.1 GiB", "0 B"]);
    expect([1023, 1024 ** 2 - 1].map(bytes)).toEqual(["1.0 kiB", "1.0 MiB"]);
    expect(bytes(null)).toBe("–");
  });

  it("says 0 and 100 percent only of what is so", () => {
    expect([percent(0, 3), percent(3, 3), percent(1, 3)]).toEqual(["0%", "100%", "33%"]);
    expect([percent(9999, 10000), percent(1, 10000), percent(0, 0)]).toEqual([">99%", "<1%", "–"]);
  });

  it("gives figures of metrics", () => {
    expect([0.857812, 12.3456, 1797, 0, 3e-4, 2e-6, 12345678, -0.5].map(figure)).toEqual([
      "0.8578",
      "12.35",
      "1,797",
      "0",
      "0.0003",
      "2.00e-6",
      "1.23e7",
      "-0.5000",
    ]);
    expect([null, "nan", Number.NaN, -Infinity].map(figure)).toEqual(["–", "nan", "nan", "-inf"]);
  });
});

describe("what an attempt was given", () => {
  const little = { executor: "process", cpu: 0.5, memory_bytes: 2 ** 30, gpu: 0, timeout_s: null, lanes: 1 };

  it("is told beside what it used of it", () => {
    expect(bytesOf(2.1 * 2 ** 30, 2 * 2 ** 30)).toBe("2.1 of 2.0 GiB");
    expect(bytesOf(900 * 2 ** 20, 2 * 2 ** 30)).toBe("900 MiB of 2.0 GiB");
    expect(bytesOf(2 ** 30, 0)).toBe("1.0 GiB");
    expect(bytesOf(2 ** 30, null)).toBe("1.0 GiB");
  });

  it("names what there is of it alone", () => {
    expect(grantedWords(little)).toBe("0.5 CPUs");
    expect(grantedWords({ ...little, cpu: 1, gpu: 2, timeout_s: 600, lanes: 4 })).toBe(
      "1 CPU, 2 GPUs, 10m 00s at most, on each of 4 lanes",
    );
    expect(limitWords([little, { ...little, memory_bytes: 4 * 2 ** 30 }])).toBe("1.0 to 4.0 GiB");
    expect(limitWords([little, little, { ...little, memory_bytes: null }])).toBe("1.0 GiB");
    expect(limitWords([{ ...little, memory_bytes: null }])).toBe("");
  });
});

describe("times", () => {
  it("gives durations", () => {
    expect([0.0004, 0.004, 0.8, 4.24, 41, 59.7, 372, 11_100, 187_200].map(duration)).toEqual([
      "0.4 ms",
      "4 ms",
      "0.80 s",
      "4.2 s",
      "41 s",
      "1m 00s",
      "6m 12s",
      "3h 05m",
      "2d 04h",
    ]);
    expect([duration(null), elapsed(0.9), elapsed(61.9), elapsed(-3)]).toEqual(["–", "0 s", "1m 01s", "0 s"]);
  });

  it("says how long ago, never in the future", () => {
    const now = new Date("2026-03-20T12:00:00Z");
    const before = (s: number) => ago(new Date(now.getTime() - s * 1000), now);
    expect([-5, 0, 44, 60, 3540, 3600, 86_399, 86_400, 259_200].map(before)).toEqual([
      "just now",
      "just now",
      "just now",
      "1 min ago",
      "59 min ago",
      "1 h ago",
      "24 h ago",
      "yesterday",
      "3 days ago",
    ]);
  });

  it("names moments in the reader's zone", () => {
    const at = new Date(2026, 2, 3, 4, 5, 6, 7);
    expect([clock(at), clock(at, { millis: true })]).toEqual(["04:05:06", "04:05:06.007"]);
    expect([day(at, at), day(at, new Date(2027, 0, 1))]).toEqual(["3 Mar", "3 Mar 2026"]);
  });
});

describe("cutMiddle", () => {
  it("keeps both ends and whole letters", () => {
    expect(cutMiddle("cross_validate_4", 10)).toBe("cross_…e_4");
    expect(cutMiddle("short", 10)).toBe("short");
    expect(Array.from(cutMiddle("🙂".repeat(20), 7))).toHaveLength(7);
  });
});
