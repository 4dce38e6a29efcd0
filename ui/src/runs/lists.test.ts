import { describe, expect, it } from "vitest";
import { idsOf } from "@/api/indexIds";
import { forkTree } from "./forkTree";
import { freshIn, isSame, isTaken } from "./liveIds";

describe("forkTree", () => {
  it("has each run once, forks below what they were made from, in the order that was asked for", () => {
    const { ids, depths } = forkTree(
      [9, 8, 7, 6, 5],
      [
        [9, 6],
        [8, 6],
        [7, 9],
        [5, 1],
        [99, 9],
      ],
    );
    expect(ids).toEqual([6, 9, 7, 8, 5]);
    expect([...depths]).toEqual([
      [9, 1],
      [7, 2],
      [8, 1],
    ]);
  });

  it("goes through a chain of thousands", () => {
    const all = Array.from({ length: 20_000 }, (_, at) => at);
    const { ids, depths } = forkTree(
      all.toReversed(),
      all.slice(1).map((id) => [id, id - 1]),
    );
    expect(ids).toEqual(all);
    expect(depths.get(19_999)).toBe(19_999);
  });
});

describe("a newer index", () => {
  it("is taken over at the top, and where rows are sorted by what changes only after some rest", () => {
    expect(isTaken("", { isAtTop: true, idleMs: 0 })).toBe(true);
    expect(isTaken("", { isAtTop: false, idleMs: 60_000 })).toBe(false);
    expect(isTaken("-loss", { isAtTop: true, idleMs: 4_999 })).toBe(false);
    expect(isTaken("-loss", { isAtTop: true, idleMs: 5_000 })).toBe(true);
    expect(isTaken("-loss", { isAtTop: false, idleMs: 60_000 })).toBe(false);
  });

  it("says how many runs are new", () => {
    expect(freshIn([3, 2, 1], [5, 4, 3, 1])).toBe(2);
    expect(isSame([1, 2], [1, 2])).toBe(true);
    expect(isSame([1, 2], [2, 1])).toBe(false);
  });
});

describe("idsOf", () => {
  it("tells ids from ranges", () => {
    expect(idsOf({ ids: [3, 1], ranges: null })).toEqual([3, 1]);
    expect(
      idsOf({
        ids: null,
        ranges: [
          [10, -1, 3],
          [5, 0, 1],
        ],
      }),
    ).toEqual([10, 9, 8, 5]);
  });
});
