import { describe, expect, it } from "vitest";
import { type Display, displayGroups } from "./displayGroups";
import { isCut, kindText, lookOfMedia, lookOfValue } from "./kinds";
import { literalTree } from "./literal";
import { fileCommand, pythonLine, type Value, valueAddress } from "./place";
import { blockKey, blocksOf, cellText, numberText } from "./tableBlocks";
import { jsonTree, type TreeNode } from "./tree";

function value(given: Partial<Value>): Value {
  return {
    type: "int",
    text: "1",
    size_bytes: 1,
    digest: "b3-00",
    unstable: "",
    length: null,
    shape: null,
    dtype: null,
    schema: null,
    ...given,
  };
}

describe("what a value is shown as", () => {
  it("goes by its media where it was displayed", () => {
    const looks = ["image/svg+xml", "application/vnd.vega.v5+json", "application/pdf", "text/plain", "audio/wav"];
    expect(looks.map(lookOfMedia)).toEqual(["picture", "json", "download", "text", "audio"]);
  });

  it("goes by its preview otherwise", () => {
    expect(lookOfValue(value({}))).toBe("scalar");
    expect(lookOfValue(value({ type: "str", text: "a long one".repeat(30), length: 300 }))).toBe("literal");
    expect(lookOfValue(value({ type: "numpy.ndarray", shape: [3] }))).toBe("stored");
    expect(lookOfValue(value({ type: "bytes", length: 3 }))).toBe("stored");
    expect(lookOfValue(value({ type: "sklearn.svm.SVC", text: "SVC(C=2)" }))).toBe("literal");
  });

  it("is said in a few words", () => {
    expect(kindText(value({ type: "pandas.DataFrame", shape: [1200, 3] }))).toBe("DataFrame 1,200 × 3");
    expect(kindText(value({ type: "numpy.ndarray", shape: [3, 2], dtype: "float64" }))).toBe("float64 3 × 2");
    expect(kindText(value({ type: "dict", length: 3 }))).toBe("dict of 3");
    expect([isCut(value({ text: "[1, …]" })), isCut(value({}))]).toEqual([true, false]);
  });
});

describe("where it stands", () => {
  it("is an address", () => {
    expect(valueAddress(value({ digest: "" }), { of: "a b/1", display: "x", step: 0 })).toBe(
      "/artifacts/unstable?of=a+b%2F1&display=x&step=0",
    );
  });

  it("is a line of Python, whatever it is called", () => {
    expect(pythonLine({ of: "digits/3/train/2" })).toBe('penstock.run("digits/3").task("train/2").result()');
    expect(pythonLine({ of: "digits/3" })).toBe('penstock.run("digits/3").result()');
    expect(pythonLine({ of: "digits/3", param: 'a"b' })).toBe('penstock.run("digits/3").params["a\\"b"]');
    expect(pythonLine({ of: "digits/3/fit/1", display: "roc", step: 4 })).toBe(
      'penstock.run("digits/3").task("fit/1").displays.named("roc", step=4).load()',
    );
    expect(fileCommand({ of: "it's/1" })).toBe("penstock get 'it'\\''s/1' -o FILE");
  });
});

const plain = (node: TreeNode | null): unknown =>
  node === null
    ? null
    : node.kind === "leaf"
      ? node.text
      : [node.name + node.brackets.join(""), ...node.children().map(({ name, node: item }) => [name, plain(item)])];

describe("a preview's text as a tree", () => {
  it("reads what Python writes", () => {
    expect(plain(literalTree("{'a': [1, -2.5, …], 'm': Ridge(alpha=1.0, copy=True), 3: None}"))).toEqual([
      "{}",
      ["a", ["[]", ["", "1"], ["", "-2.5"], ["", "…"]]],
      ["m", ["Ridge()", ["alpha", "1.0"], ["copy", "True"]]],
      ["3", "None"],
    ]);
    expect(plain(literalTree("(<array 85x30 float64: 0.5, 0.2>, 'a, (b', \"it's\")"))).toEqual([
      "()",
      ["", "<array 85x30 float64: 0.5, 0.2>"],
      ["", "'a, (b'"],
      ["", '"it\'s"'],
    ]);
  });

  it("keeps what it reads of a text that was cut", () => {
    expect(plain(literalTree("{'a': (1, 2), 'b': [3, 4…"))).toEqual([
      "{}",
      ["a", ["()", ["", "1"], ["", "2"]]],
      ["b", ["[]", ["", "3"], ["", "4…"]]],
    ]);
  });

  it("leaves what is no container alone, and ends whatever it is given", () => {
    expect(literalTree("a plain text")).toBeNull();
    const signs = "[](){}<>,:='\"\\a1 …";
    let seed = 1;
    for (let round = 0; round < 3000; round++) {
      let text = "";
      for (let at = 0; at < 1 + (round % 24); at++) {
        seed = (seed * 48271) % 2147483647;
        text += signs[seed % signs.length];
      }
      literalTree(text);
    }
  });
});

describe("JSON as a tree", () => {
  it("has a branch for each list and mapping, and a leaf for each value", () => {
    const given = { a: [1, "x", null], b: {}, 'c"': true };
    expect(plain(jsonTree(given))).toEqual([
      "{}",
      ["a", ["[]", ["", "1"], ["", '"x"'], ["", "null"]]],
      ["b", ["{}"]],
      ['c"', "true"],
    ]);
  });
});

describe("a table's blocks", () => {
  it("cover what is seen, and no more than there is", () => {
    const seen = { firstRow: 95, lastRow: 120, firstColumn: 14, lastColumn: 17 };
    const blocks = blocksOf(seen, 130, 18);
    expect(blocks.map(({ offset, limit, columns }) => [offset, limit, columns[0], columns.length])).toEqual([
      [0, 100, 0, 16],
      [0, 100, 16, 2],
      [100, 30, 0, 16],
      [100, 30, 16, 2],
    ]);
    expect(blocks.map((block) => blockKey(block.offset, block.columns[0] ?? 0))).toContain(blockKey(120, 17));
    expect(blocksOf(seen, 0, 3)).toEqual([]);
  });

  it("show numbers exactly where they are whole, and briefly otherwise", () => {
    expect([12345678, 0.1 + 0.2, 1e-7, 123456.789, 6.02e23, -0].map(numberText)).toEqual([
      "12345678",
      "0.3",
      "1e-7",
      "123457",
      "6.02e+23",
      "0",
    ]);
    const times = ["2026-04-15T09:18:02.000000Z", "2026-04-15T00:00:00", "2026-04-15T09:18:02.500"];
    expect(times.map((time) => cellText(time, "time"))).toEqual([
      "2026-04-15 09:18:02Z",
      "2026-04-15",
      "2026-04-15 09:18:02.500",
    ]);
    expect([null, true, "1152921504606846976", "nan"].map((cell) => cellText(cell))).toEqual([
      "–",
      "true",
      "1152921504606846976",
      "nan",
    ]);
  });
});

describe("what was displayed", () => {
  const shown = (name: string, step: number | null, task = "a/1/f/1") => ({ task, name, step }) as Display;

  it("is one thing for each name of a task, in order of its steps", () => {
    const groups = displayGroups([shown("x", 10), shown("y", null), shown("x", 2), shown("x", 0, "a/1/f/2")]);
    expect(groups.map((group) => [group.task, group.name, group.shown.map((one) => one.step)])).toEqual([
      ["a/1/f/1", "x", [2, 10]],
      ["a/1/f/1", "y", [null]],
      ["a/1/f/2", "x", [0]],
    ]);
  });
});
