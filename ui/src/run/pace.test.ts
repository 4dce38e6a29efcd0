import { describe, expect, it } from "vitest";
import { Pace, roughly } from "./pace";

describe("Pace", () => {
  it("tells nothing of a run that was just begun to be looked at", () => {
    const pace = new Pace();
    pace.note(0, 0);
    pace.note(50, 1);
    expect(pace.left(50, 1)).toBeNull();
  });

  it("goes by what settled meanwhile", () => {
    const pace = new Pace();
    for (let at = 0; at <= 10; at++) pace.note(100 + 2 * at, at);
    expect(pace.left(60, 10)).toBeCloseTo(30);
    expect(pace.left(60, 20)).toBeCloseTo(60); // ten seconds in which nothing came
    expect(pace.left(0, 20)).toBeNull();
  });

  it("forgets how fast it was an hour ago", () => {
    const pace = new Pace();
    for (let at = 0; at <= 600; at++) pace.note(100 * at, at);
    for (let at = 601; at <= 700; at++) pace.note(60_000 + (at - 600), at);
    expect(pace.left(120, 700)).toBeCloseTo(120, -1);
  });

  it("begins anew when a run does", () => {
    const pace = new Pace();
    for (let at = 0; at <= 10; at++) pace.note(at, at);
    pace.note(2, 11);
    expect(pace.left(10, 12)).toBeNull();
  });
});

describe("roughly", () => {
  it("is no more exact than it is known", () => {
    expect([2, 41, 58, 125, 3400, 7300, 200_000].map(roughly)).toEqual([
      "5 s",
      "40 s",
      "1 min",
      "2 min",
      "1 h",
      "2 h",
      "2 days",
    ]);
  });
});
