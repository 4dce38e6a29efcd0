import { describe, expect, it } from "vitest";
import { createRows } from "./rows";

describe("createRows", () => {
  it("tells who listens to a row of that row alone", () => {
    const rows = createRows<{ status: string; seconds: number }>();
    const told: number[] = [];
    const leave = rows.subscribe(7, () => told.push(7));
    rows.subscribe(8, () => told.push(8));
    rows.put([[7, { status: "running", seconds: 1 }]]);
    expect(rows.patch(7, { status: "done" })).toBe(true);
    expect(rows.get(7)).toEqual({ status: "done", seconds: 1 });
    expect(rows.patch(9, { status: "done" })).toBe(false);
    leave();
    rows.patch(7, { seconds: 2 });
    expect(told).toEqual([7, 7]);
  });

  it("keeps those that are listened to, and of the rest the latest", () => {
    const rows = createRows<number>(3);
    rows.subscribe(0, () => {});
    rows.put(Array.from({ length: 6 }, (_, id) => [id, id]));
    expect([0, 1, 2, 3, 4, 5].filter((id) => rows.get(id) !== undefined)).toEqual([0, 4, 5]);
  });
});
