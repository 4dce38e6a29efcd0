import { describe, expect, it } from "vitest";
import { FakeLog, settled } from "./fakeLog";
import { LogFind, placesIn } from "./logFind";

describe("LogFind", () => {
  it("finds lines part by part, and goes around the ends", async () => {
    const log = new FakeLog(Array.from({ length: 2_000 }, (_, place) => (place % 3 ? "fine" : `nan at ${place}`)));
    const find = new LogFind(log.ask, "nan", () => {});
    await settled(() => find.isDone);
    expect([find.hits.length, log.asked.length]).toEqual([667, 2]);
    expect(find.hits[find.next(1, 1)]?.number).toBe(4);
    expect(find.hits[find.next(4, -1)]?.number).toBe(1);
    expect(find.next(1, -1)).toBe(666);
    expect(find.next(2_000, 1)).toBe(0);
    expect([find.placeOf(4), find.placeOf(5)]).toEqual([1, -1]);
  });

  it("finds what is written later", async () => {
    const log = new FakeLog(["nan", "fine"]);
    log.isOver = false;
    const find = new LogFind(log.ask, "nan", () => {});
    await settled(() => find.isDone);
    log.lines.push("nan");
    await find.more();
    expect(find.hits.map((hit) => hit.number)).toEqual([1, 3]);
  });

  it("has nothing to go to where nothing is found", async () => {
    const find = new LogFind(new FakeLog(["fine"]).ask, "nan", () => {});
    await settled(() => find.isDone);
    expect([find.next(1, 1), find.placeOf(1)]).toEqual([-1, -1]);
  });
});

describe("placesIn", () => {
  it("tells all places, whatever their capitals", () => {
    expect(placesIn("NaN and nan", "nan")).toEqual([
      [0, 3],
      [8, 11],
    ]);
    expect(placesIn("none", "")).toEqual([]);
  });
});
