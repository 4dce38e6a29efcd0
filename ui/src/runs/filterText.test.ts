import { describe, expect, it } from "vitest";
import { statusesOf, termOf, withStatusTurned, withWord, wordsOf } from "./filterText";

describe("wordsOf", () => {
  it.each([
    ["", []],
    ["  digits   accuracy>0.9 ", ["digits", "accuracy>0.9"]],
    ['name:"sgd slow" x', ['name:"sgd slow"', "x"]],
    ['-(tag:old or "a) b") y', ['-(tag:old or "a) b")', "y"]],
    ['"a \\" b" c', ['"a \\" b"', "c"]],
    ['"not closed yet', ['"not closed yet']],
  ])("splits %j", (filter, words) => {
    expect(wordsOf(filter)).toEqual(words);
  });
});

describe("termOf", () => {
  it.each([
    ["depth", 4, "depth:4"],
    ["rate", 1e-7, "rate:1e-7"],
    ["seed", null, "seed:none"],
    ["wide", true, "wide:true"],
    ["name", "adam", "name:adam"],
    ["name", "sgd slow", 'name:"sgd slow"'],
    ["name", "", 'name:""'],
    ["name", "none", 'name:"none"'],
    ["name", "4", 'name:"4"'],
    ["name", 'a"b\\', 'name:"a\\"b\\\\"'],
    ["tag", "owner=ada", "tag:owner=ada"],
    ["or", 1, '"or":1'],
    ["-x y", 1, '"-x y":1'],
  ])("asks for %j = %j", (name, value, term) => {
    expect(termOf(name, value)).toBe(term);
  });
});

describe("withWord", () => {
  it("adds a word once", () => {
    const filter = withWord("digits", "depth:4");
    expect(filter).toBe("digits depth:4");
    expect(withWord(filter, "depth:4")).toBe(filter);
  });

  it("holds together what is joined by or", () => {
    expect(withWord("tag:a or tag:b", "depth:4")).toBe("(tag:a or tag:b) depth:4");
  });
});

describe("withStatusTurned", () => {
  it("adds to the statuses that are asked for, and takes away", () => {
    const failed = withStatusTurned("digits", "failed");
    const both = withStatusTurned(failed, "crashed");
    expect([failed, both]).toEqual(["digits status:failed", "digits status:failed,crashed"]);
    expect(statusesOf(both)).toEqual(["failed", "crashed"]);
    expect(withStatusTurned(withStatusTurned(both, "failed"), "crashed")).toBe("digits");
  });
});
