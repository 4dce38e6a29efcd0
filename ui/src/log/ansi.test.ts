import { describe, expect, it } from "vitest";
import { plain, spansOf } from "./ansi";

const looks = (line: string) => spansOf(line).map(({ text, looks }) => [text, looks.join(" ")]);

describe("spansOf", () => {
  it("tells colours and weights apart", () => {
    expect(looks("a \x1b[1;31mred\x1b[0m b")).toEqual([
      ["a ", ""],
      ["red", "bold red"],
      [" b", ""],
    ]);
    expect(looks("\x1b[44mon blue\x1b[0m")).toEqual([["on blue", "on-blue"]]);
    expect(looks("\x1b[31;7mturned\x1b[0m")).toEqual([["turned", "on-red"]]);
  });

  it("has the nearest name for colours of the palette and for true ones", () => {
    expect(looks("\x1b[38;5;196mx\x1b[38;5;46my\x1b[38;5;240mz\x1b[0m")).toEqual([
      ["x", "red"],
      ["y", "green"],
      ["z", "black"],
    ]);
    expect(looks("\x1b[38;2;30;120;250mblue\x1b[0m")).toEqual([["blue", "blue"]]);
    expect(looks("\x1b[92mbright\x1b[0m")).toEqual([["bright", "green"]]);
  });

  it("drops what moves, links, titles and other characters that can't be seen", () => {
    const line = "\x1b[2K\x1b[1Ga\x1b]8;;http://x.y\x07link\x1b]8;;\x07\x1b[3A \x1b[?25lb\x07";
    expect(
      spansOf(line)
        .map((span) => span.text)
        .join(""),
    ).toBe("alink b");
    expect(plain(line)).toBe("alink b");
    expect(spansOf("<b>&amp;</b>")).toEqual([{ text: "<b>&amp;</b>", looks: [] }]);
  });

  it("is text, whatever comes", () => {
    for (const line of ["\x1b", "\x1b[", "\x1b[31", "\x1b]0;never ended", "\x1b[38;5;999mx", "\x1b[38;2;mx"]) {
      expect(spansOf(line).every((span) => !span.text.includes("\x1b"))).toBe(true);
    }
  });
});
