import { describe, expect, it } from "vitest";
import { placedApart } from "./isotonic";

describe("placedApart", () => {
  it("gives each its wish where there is room", () => {
    expect(placedApart([0, 10, 30], [1, 1, 1], [5, 5])).toEqual([0, 10, 30]);
  });

  it("shares what is missing of the room by weight", () => {
    expect(placedApart([0, 0], [1, 1], [10])).toEqual([-5, 5]);
    expect(placedApart([0, 0], [9, 1], [10])).toEqual([-1, 9]);
  });

  it("keeps the order of those that wish to stand the other way round", () => {
    expect(placedApart([20, 0, 10], [1, 1, 1], [4, 4])).toEqual([6, 10, 14]);
  });

  it("has nothing to place", () => {
    expect(placedApart([], [], [])).toEqual([]);
  });
});
