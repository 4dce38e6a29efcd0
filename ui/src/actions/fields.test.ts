import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/types";
import { type Field, fieldsOf, fromPython, readForm } from "./fields";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", default: "a", description: "what it is called" },
    n: { type: "integer", default: 3 },
    rate: { type: "number", default: 0.5 },
    on: { type: "boolean", default: true },
    mode: { enum: ["FAST", "EXACT"], default: "FAST" },
    depths: { type: "array", items: { type: "integer" }, default: [2, 4] },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }], default: null },
    start: { anyOf: [{ readOnly: true, title: "ndarray" }, { type: "null" }], default: null },
    path: { type: "string" },
  },
  required: ["path"],
};

const given = (name: string, type: string, text: string, length: number | null = null): Schemas["InputInfo"] => ({
  name,
  sources: [],
  value: { type, text, length, size_bytes: 0, digest: "", unstable: "", shape: null, dtype: null, schema: null },
});

const initials = (fields: Field[]) => Object.fromEntries(fields.map(({ name, initial }) => [name, initial]));

describe("fieldsOf", () => {
  it("fills a form with defaults, and asks for what has none", () => {
    const fields = fieldsOf(SCHEMA, null);
    expect(initials(fields)).toEqual({
      name: "a",
      n: "3",
      rate: "0.5",
      on: "true",
      mode: '"FAST"',
      depths: "[2,4]",
      limit: "",
      start: "null",
      path: null,
    });
    expect(fields.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(["path"]);
    expect(fields.find(({ name }) => name === "start")?.kind).toBe("kept");
  });

  it("fills it with what a run was given, as far as that is known whole", () => {
    const fields = fieldsOf(SCHEMA, [
      given("name", "str", "digits and m…", 40),
      given("n", "int", "16"),
      given("on", "bool", "False"),
      given("mode", "opts.Mode", "Mode.EXACT"),
      given("depths", "tuple", "(2, 4,)", 2),
      given("limit", "NoneType", "None"),
      given("start", "numpy.ndarray", "[0.1 0.2 …]"),
      given("path", "str", 'it\'s "x"', 8),
    ]);
    expect(initials(fields)).toEqual({
      name: null,
      n: "16",
      rate: "0.5",
      on: "false",
      mode: '"EXACT"',
      depths: "[2, 4]",
      limit: "",
      start: null,
      path: 'it\'s "x"',
    });
    expect(fields.some(({ isRequired }) => isRequired)).toBe(false);
  });
});

describe("fromPython", () => {
  it("says in JSON what Python writes, and nothing of what is cut", () => {
    expect(fromPython("{'it\\'s': ['a \"b\"', \"c'd\", True, None], 'x': (1.5, -2)}")).toBe(
      '{"it\'s": ["a \\"b\\"", "c\'d", true, null], "x": [1.5, -2]}',
    );
    expect([fromPython("[1, 2, …]"), fromPython("Ridge(alpha=1.0)"), fromPython("{1, 2}")]).toEqual([null, null, null]);
  });
});

describe("readForm", () => {
  it("sends what is changed alone", () => {
    const fields = fieldsOf(SCHEMA, [given("n", "int", "16"), given("path", "str", "x", 1)]);
    const texts = { n: "16", rate: "1e-3", limit: "", depths: "[1, 2]", on: "false" };
    expect(readForm(fields, texts)).toEqual({ params: { rate: 0.001, depths: [1, 2], on: false }, errors: {} });
    expect(readForm(fields, { limit: "5" }).params).toEqual({ limit: 5 });
  });

  it("says what is wrong, by field", () => {
    const texts = { n: "1.5", rate: "fast", depths: "2, 4", limit: "x" };
    expect(Object.keys(readForm(fieldsOf(SCHEMA, null), texts).errors).sort()).toEqual([
      "depths",
      "limit",
      "n",
      "path",
      "rate",
    ]);
  });
});
