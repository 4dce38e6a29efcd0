import { describe, expect, it } from "vitest";
import { type CodeLine, textOf } from "./codeText";
import { diffParts, diffRows, piecesOf } from "./diffRows";

const lines = (text: string): CodeLine[] => text.split("\n").map((line) => [["", line]]);

function signs(before: string, after: string): string[] {
  return diffRows(lines(before), lines(after)).map(
    (row) => `${{ same: " ", removed: "-", added: "+" }[row.kind]}${textOf(row.line)}`,
  );
}

describe("two versions of a text", () => {
  it("are one list of what stood, went and came", () => {
    expect(signs("a\nb\nc", "a\nx\nc\nd")).toEqual([" a", "-b", "+x", " c", "+d"]);
    expect(signs("", "")).toEqual([" "]);
  });

  it("are both in it, in order, with their numbers from the first on", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const text = () => Array.from({ length: random(12) }, () => "abc"[random(3)]).join("\n");
      const [before, after] = [lines(text()), lines(text())];
      const rows = diffRows(before, after, [10, 20]);
      const left = rows.filter((row) => row.kind !== "added");
      const right = rows.filter((row) => row.kind !== "removed");
      expect(left.map((row) => textOf(row.line))).toEqual(before.map(textOf));
      expect(right.map((row) => textOf(row.line))).toEqual(after.map(textOf));
      expect(left.map((row) => row.before)).toEqual(before.map((_, at) => at + 10));
      expect(right.map((row) => row.after)).toEqual(after.map((_, at) => at + 20));
    }
  });

  it("say which words of a line are another, unless all of it is", () => {
    const [went, came] = diffRows(lines("fit(depth, 0.1)"), lines("fit(depth, 0.3)"));
    const other = (row: typeof went) =>
      row &&
      piecesOf(row.line, row.words)
        .filter((piece) => piece.isOther)
        .map((piece) => piece.text);
    expect([other(went), other(came)]).toEqual([["0.1"], ["0.3"]]);
    expect(diffRows(lines("import numpy"), lines("return 3")).map((row) => row.words)).toEqual([[], []]);
  });

  it("keep their words' classes where these are cut", () => {
    const line: CodeLine = [
      ["string", "'ab'"],
      ["", " c"],
    ];
    expect(piecesOf(line, [[1, 3]])).toEqual([
      { word: "string", text: "'", isOther: false },
      { word: "string", text: "ab", isOther: true },
      { word: "string", text: "'", isOther: false },
      { word: "", text: " c", isOther: false },
    ]);
  });

  it("are folded where they are the same, three lines from what is not", () => {
    const many = (last: string) => [...Array.from({ length: 20 }, (_, at) => `line ${at}`), last].join("\n");
    const parts = diffParts(diffRows(lines(many("a")), lines(many("b"))));
    expect(parts.map((part) => [part.rows.length, part.isFolded])).toEqual([
      [17, true],
      [5, false],
    ]);
  });

  it("are told all different where they are too long to be compared", () => {
    const long = Array.from({ length: 10_001 }, (): CodeLine => [["", "x"]]);
    expect(diffRows(long, long).length).toBe(20_002);
  });
});
