import type { Schemas } from "@/api/types";

type Given = Schemas["InputInfo"];

/** As much of JSON Schema as a flow's parameters are told in. */
interface Schema {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  default?: unknown;
  description?: string;
  readOnly?: boolean;
  format?: string;
}

export interface Field {
  name: string;
  /** `kept`: no JSON can hold it, and so it keeps its value. */
  kind: "switch" | "choice" | "whole" | "number" | "text" | "json" | "kept";
  /** What its value is called: "whole number", "JSON". */
  says: string;
  description: string;
  choices: unknown[];
  /** Nothing stands for None. */
  isOptional: boolean;
  /** Without a value there is no run. */
  isRequired: boolean;
  /** The value as it stands in the form; null: it can't be shown whole, and is kept unless another is given. */
  initial: string | null;
  /** What is told of a value that can't be shown whole. */
  told: string;
}

/** The fields of a form from a flow's schema; `given`: what the run was given, where the form is of a run. */
export function fieldsOf(schema: unknown, given: Given[] | null): Field[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Schema;
  return Object.entries(properties).map(([name, one]) => {
    const field = { name, ...kindOf(one), description: one.description ?? "", isRequired: false, told: "" };
    const value = given?.find((info) => info.name === name)?.value;
    if (value) return { ...field, initial: textOfValue(field, value), told: value.text };
    if ("default" in one) return { ...field, initial: textOf(field, one.default) };
    return { ...field, initial: null, isRequired: given === null && required.includes(name) };
  });
}

type Kind = Pick<Field, "kind" | "says" | "choices" | "isOptional">;

function kindOf(schema: Schema): Kind {
  const plain = { choices: [], isOptional: false };
  if (schema.readOnly) return { ...plain, kind: "kept", says: "no JSON" };
  if (schema.anyOf) return kindOfSeveral(schema.anyOf);
  if (schema.enum) return { ...plain, kind: "choice", says: "", choices: schema.enum };
  switch (schema.type) {
    case "boolean":
      return { ...plain, kind: "switch", says: "" };
    case "integer":
      return { ...plain, kind: "whole", says: "whole number" };
    case "number":
      return { ...plain, kind: "number", says: "number" };
    case "string":
      return { ...plain, kind: "text", says: schema.format ?? "" };
    case "array":
      return { ...plain, kind: "json", says: "JSON list" };
    default:
      return { ...plain, kind: "json", says: "JSON" };
  }
}

function kindOfSeveral(all: Schema[]): Kind {
  const others = all.filter(({ type }) => type !== "null");
  const [only] = others;
  if (only && others.length === 1 && others.length < all.length) {
    const kind = kindOf(only);
    if (kind.kind !== "switch" && kind.kind !== "json") return { ...kind, isOptional: kind.kind !== "kept" };
  }
  const isKept = others.some(({ readOnly }) => readOnly);
  return { kind: isKept ? "kept" : "json", says: isKept ? "no JSON" : "JSON", choices: [], isOptional: false };
}

/** A value of JSON as it stands in its field. */
function textOf(field: Kind, value: unknown): string {
  if (value === null && field.isOptional) return "";
  return field.kind === "text" && typeof value === "string" ? value : JSON.stringify(value);
}

function textOfValue(field: Kind, { text, length, type }: Schemas["ValueInfo"]): string | null {
  if (type === "NoneType") return textOf(field, null);
  switch (field.kind) {
    case "kept":
      return null;
    case "text":
      return length === null || length === Array.from(text).length ? text : null;
    case "choice": {
      const found = field.choices.find((one) => text === String(one) || text.endsWith(`.${one}`));
      return found === undefined ? null : JSON.stringify(found);
    }
    default:
      return fromPython(text);
  }
}

/** JSON of what Python writes: `{'a': (1, True)}`; null where it is cut, or no JSON says it. */
export function fromPython(text: string): string | null {
  const signs = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\b(True|False|None)\b|,?\s*\)|\(/g;
  const json = text.replace(signs, (all, single?: string, double?: string, word?: string) => {
    const inside = single ?? double;
    if (inside !== undefined) return quoted(inside);
    if (word) return WORDS[word] ?? word;
    return all === "(" ? "[" : "]";
  });
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? json : JSON.stringify(value);
  } catch {
    return null;
  }
}

const WORDS: Record<string, string> = { True: "true", False: "false", None: "null" };

function quoted(inside: string): string {
  return `"${inside.replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"')}"`;
}

type Parsed = { value: unknown } | { error: string };

/** What stands in a field as the API takes it. */
export function parsed(field: Field, text: string): Parsed {
  const trimmed = text.trim();
  if (field.isOptional && trimmed === "") return { value: null };
  switch (field.kind) {
    case "text":
      return { value: text };
    case "whole":
      return /^[+-]?\d[\d_]*$/.test(trimmed) ? { value: number(trimmed) } : { error: "a whole number, as 16 is" };
    case "number":
      return trimmed !== "" && Number.isFinite(number(trimmed))
        ? { value: number(trimmed) }
        : { error: "a number, as 0.01 or 1e-3 is" };
    default:
      return json(field, trimmed);
  }
}

function number(text: string): number {
  return Number(text.replaceAll("_", ""));
}

function json({ says }: Field, text: string): Parsed {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: says === "JSON list" ? 'a list as JSON has it: [2, 4] or ["a", "b"]' : 'JSON: text is "quoted"' };
  }
}

/** What is changed, and what is wrong with it. */
export function readForm(fields: Field[], texts: Record<string, string>) {
  const params: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const text = texts[field.name];
    if (text === undefined || text === field.initial) {
      if (field.isRequired) errors[field.name] = "the run needs a value";
      continue;
    }
    const found = parsed(field, text);
    if ("error" in found) errors[field.name] = found.error;
    else params[field.name] = found.value;
  }
  return { params, errors };
}
