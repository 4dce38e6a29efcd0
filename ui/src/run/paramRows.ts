/** The parameters of a run beside those of another, what differs first. */

import type { Schemas } from "@/api/types";
import type { Value } from "@/values/place";

type Input = Schemas["InputInfo"];

export interface ParamRow {
  name: string;
  mine: Input | null;
  /** Of the run that it is compared with; null: it has no such parameter. */
  other: Input | null;
  differs: boolean;
  /** It is what the flow has when nobody says anything. */
  isDefault: boolean;
}

export function paramRows(mine: Schemas["RunParams"], other: Schemas["RunParams"] | null): ParamRow[] {
  const before = new Map(other?.params.map((one) => [one.name, one]));
  const defaults = defaultsOf(mine.schema);
  const rows = mine.params.map((one) => {
    const base = before.get(one.name) ?? null;
    before.delete(one.name);
    const differs = other !== null && !isSame(one, base);
    return { name: one.name, mine: one, other: base, differs, isDefault: isDefault(one, defaults) };
  });
  const gone = [...before.values()].map((one) => ({
    name: one.name,
    mine: null,
    other: one,
    differs: true,
    isDefault: false,
  }));
  const seeds = seedRow(mine.seed, other);
  return [...rows, ...gone, ...seeds].sort((one, two) => Number(two.differs) - Number(one.differs));
}

/** Whether two inputs are the same value: by content, else by what is seen of them. */
function isSame(one: Input, base: Input | null): boolean {
  if (base === null) return false;
  const [a, b] = [one.value, base.value];
  if (a === null || b === null) return a === b && String(one.sources) === String(base.sources);
  return a.digest && b.digest ? a.digest === b.digest : a.type === b.type && a.text === b.text;
}

function seedRow(seed: number | null, other: Schemas["RunParams"] | null): ParamRow[] {
  if (seed === null && (other === null || other.seed === null)) return [];
  const input = (value: number | null | undefined): Input | null =>
    value === null || value === undefined ? null : { name: "seed of the run", sources: [], value: number(value) };
  const differs = other !== null && other.seed !== seed;
  return [{ name: "seed of the run", mine: input(seed), other: input(other?.seed), differs, isDefault: false }];
}

function number(value: number): Value {
  const none = { length: null, shape: null, dtype: null, schema: null };
  return { type: "int", text: String(value), size_bytes: 0, digest: "", unstable: "", ...none };
}

function defaultsOf(schema: unknown): Map<string, unknown> {
  const properties = (schema as { properties?: Record<string, { default?: unknown }> } | null)?.properties ?? {};
  const found = Object.entries(properties).filter(([, property]) => "default" in property);
  return new Map(found.map(([name, property]) => [name, property.default]));
}

function isDefault({ name, value }: Input, defaults: ReadonlyMap<string, unknown>): boolean {
  if (value === null || !defaults.has(name)) return false;
  return value.text === pythonText(defaults.get(name), value.type);
}

/** A default of JSON as a preview says it. */
function pythonText(given: unknown, type: string): string {
  if (given === null) return "None";
  if (typeof given === "boolean") return given ? "True" : "False";
  if (typeof given === "number") return type === "float" && Number.isInteger(given) ? given.toFixed(1) : String(given);
  if (typeof given === "string") return type === "str" ? given : `'${given}'`;
  if (Array.isArray(given)) return `[${given.map((one) => pythonText(one, typeof one)).join(", ")}]`;
  return "";
}
