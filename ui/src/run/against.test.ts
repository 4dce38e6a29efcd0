import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/types";
import { changeOf, codePieces } from "./codePieces";
import { lineageLayout, RUN_WIDTH } from "./lineageLayout";
import { packageRows } from "./packageRows";
import { paramRows } from "./paramRows";

type Params = Schemas["RunParams"];

function params(given: Record<string, [type: string, text: string]>, more: Partial<Params> = {}): Params {
  const none = { size_bytes: 1, unstable: "", length: null, shape: null, dtype: null, schema: null };
  const list = Object.entries(given).map(([name, [type, text]]) => ({
    name,
    sources: [],
    value: { type, text, digest: `b3-${type}${text}`, ...none },
  }));
  return { params: list, seed: null, schema: null, file: "", moved: "", files: [], ...more };
}

describe("parameters", () => {
  it("that differ come first, and those that are gone are told", () => {
    const rows = paramRows(
      params({ depth: ["int", "4"], lr: ["float", "0.1"], note: ["str", "x"] }),
      params({ depth: ["int", "4"], lr: ["float", "0.2"], old: ["int", "1"] }),
    );
    expect(rows.map((row) => [row.name, row.differs, row.other?.value?.text ?? ""])).toEqual([
      ["lr", true, "0.2"],
      ["note", true, ""],
      ["old", true, "1"],
      ["depth", false, "4"],
    ]);
  });

  it("are those of nobody's choice where they are their defaults", () => {
    const schema = {
      properties: {
        rate: { default: 1 },
        depth: { default: 3 },
        flag: { default: true },
        sizes: { default: [2, 4] },
        name: { default: "a" },
        wait: { default: null },
      },
    };
    const given = params(
      {
        rate: ["float", "1.0"],
        depth: ["int", "4"],
        flag: ["bool", "True"],
        sizes: ["list", "[2, 4]"],
        name: ["str", "a"],
        wait: ["NoneType", "None"],
      },
      { schema },
    );
    expect(
      paramRows(given, null)
        .filter((row) => !row.isDefault)
        .map((row) => row.name),
    ).toEqual(["depth"]);
  });

  it("have the run's seed among them", () => {
    const rows = paramRows(params({}, { seed: 1 }), params({}, { seed: 2 }));
    expect(rows.map((row) => [row.differs, row.mine?.value?.text, row.other?.value?.text])).toEqual([[true, "1", "2"]]);
  });
});

describe("packages", () => {
  it("that changed, came or went come first, by name", () => {
    const rows = packageRows({ a: "1", b: "2", d: "1", z: "1" }, { a: "1", b: "1", c: "3", z: "0" });
    expect(rows.map((row) => `${row.name} ${row.change}`)).toEqual([
      "b changed",
      "z changed",
      "d added",
      "c removed",
      "a ",
    ]);
    expect(packageRows({ a: "1" }, null).map((row) => row.change)).toEqual([""]);
  });
});

describe("code", () => {
  const reach = (name: string, kind = "function", place = "a.py") => ({ name, kind, place, version: "", reaches: [] });
  const source = (...bodies: [name: string, text: string][]) => ({
    place: "a.py",
    lines: bodies.map(([, text]) => [["", text]]),
    definitions: bodies.map(([name], at) => ({ name, first: at + 1, last: at + 1 })),
    cut: 0,
  });

  it("is the flow's body, its steps, then what these reach of the project", () => {
    const pieces = codePieces({
      file: "/p/a.py",
      qualname: "main",
      steps: [
        {
          step: "fit",
          tasks: 3,
          first: "",
          reaches: [reach("a:fit"), reach("a:help"), reach("numpy", "package", "")],
          unfollowed: [],
        },
        {
          step: "load",
          tasks: 1,
          first: "",
          reaches: [reach("a:load"), reach("a:fit"), reach("a:", "statements")],
          unfollowed: [],
        },
      ],
      versions: [],
    });
    expect(pieces.map((piece) => [piece.id, piece.kind, piece.definition])).toEqual([
      ["main()", "flow", "main"],
      ["fit", "step", "fit"],
      ["load", "step", "load"],
      ["a:help", "function", "help"],
    ]);
  });

  it("is changed where its own lines are others", () => {
    const [mine, other] = [source(["f", "1"], ["g", "2"], ["h", "3"]), source(["f", "1"], ["g", "0"])];
    expect(["f", "g", "h"].map((name) => changeOf(name, mine, other))).toEqual(["", "changed", "new"]);
    expect(changeOf("f", mine, undefined)).toBe("");
  });
});

describe("runs before and after", () => {
  const at = (run: string, distance: number) => ({ run, distance, status: "done", name: "" });
  const edge = (source: string, target: string) => ({ source, target, kind: "value", count: 1, links: [] });

  it("stand in columns by how far they are, none upon another", () => {
    const runs = [
      at("a/1", 0),
      at("b/1", -1),
      at("b/2", -1),
      at("c/1", 2),
      ...Array.from({ length: 20 }, (_, n) => at(`d/${n}`, 1)),
    ];
    const layout = lineageLayout({
      runs,
      edges: [edge("b/1", "a/1"), edge("a/1", "d/0"), edge("d/0", "c/1"), edge("a/1", "d/19")],
      partial: false,
    });
    const places = new Set(layout.runs.map(({ x, y }) => `${x} ${y}`));
    expect(places.size).toBe(layout.runs.length);
    expect(layout.hidden).toBe(8);
    expect(layout.edges.map(({ edge: one, isOwn }) => [one.source, one.target, isOwn])).toEqual([
      ["b/1", "a/1", true],
      ["a/1", "d/0", true],
      ["d/0", "c/1", false],
    ]);
    const x = (run: string) => layout.runs.find((one) => one.run.run === run)?.x ?? 0;
    expect([x("b/1") < x("a/1"), x("a/1") < x("d/0"), x("c/1") + RUN_WIDTH]).toEqual([true, true, layout.width]);
    expect(layout.runs.every(({ y }) => y >= 0 && y < layout.height)).toBe(true);
  });
});
