import { describe, expect, it } from "vitest";
import { addressOf } from "./ask";

describe("addressOf", () => {
  it("encodes each name by itself", () => {
    expect(addressOf("/runs/{flow}/{number}", { flow: "a/b c", number: 3 })).toBe("/api/v1/runs/a%2Fb%20c/3");
  });

  it("leaves out what is not asked, and joins lists", () => {
    expect(addressOf("/runs", {}, { ids: [1, 2], sort: undefined, filter: "a b" })).toBe(
      "/api/v1/runs?ids=1%2C2&filter=a+b",
    );
  });
});
