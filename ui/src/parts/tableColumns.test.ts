import { describe, expect, it } from "vitest";
import { type Column, sortAfter, sortedHow, tracksOf } from "./tableColumns";

const cell = () => null;
const took: Column<unknown> = { id: "took", title: "Took", width: 80, sort: "took", downFirst: true, cell };
const name: Column<unknown> = { id: "name", title: "Name", width: 100, grow: 2, sort: "name", cell };

describe("sortAfter", () => {
  it("sorts as the column says first, then turns", () => {
    expect(["", "-took", "took", "name"].map((sort) => sortAfter(took, sort))).toEqual([
      "-took",
      "took",
      "-took",
      "-took",
    ]);
    expect(["", "name", "-name"].map((sort) => sortAfter(name, sort))).toEqual(["name", "-name", "name"]);
  });
});

describe("sortedHow", () => {
  it("says how a column is sorted, and nothing of the others", () => {
    expect(sortedHow(took, "-took")).toBe("descending");
    expect(sortedHow(took, "took")).toBe("ascending");
    expect(sortedHow(name, "took")).toBeUndefined();
    expect(sortedHow({}, "")).toBeUndefined();
  });
});

describe("tracksOf", () => {
  it("shares what is left over, and says from which width on the table scrolls", () => {
    expect(tracksOf([name, took], true)).toEqual({
      tracks: "20px minmax(100px, 2fr) 80px",
      minWidth: 20 + 100 + 80 + 2 * 16 + 2 * 20,
    });
  });
});
