import type { Item } from "./comparison";
import { numbersOf } from "./comparison";

/** Which runs are kept by what was brushed: `depth=2..8;optimizer=adam,sgd` in the address. Pure. */

export type Brush = { name: string; from: number; to: number } | { name: string; values: string[] };

export function readBrushes(text: string): Brush[] {
  return text
    .split(";")
    .map((one) => one.split("="))
    .flatMap(([name, span]): Brush[] => {
      if (!name || span === undefined) return [];
      const [from, to] = span.split("..").map(Number);
      if (from !== undefined && to !== undefined && from <= to) return [{ name: decoded(name), from, to }];
      return [{ name: decoded(name), values: span.split(",").map(decoded) }];
    });
}

export function writeBrushes(brushes: readonly Brush[]): string {
  return brushes
    .map((one) => {
      const span = "values" in one ? one.values.map(encoded).join(",") : `${tidy(one.from)}..${tidy(one.to)}`;
      return `${encoded(one.name)}=${span}`;
    })
    .join(";");
}

/** The runs for which all brushes hold, by their places. */
export function keptBy(brushes: readonly Brush[], items: readonly Item[], runs: number): ReadonlySet<number> {
  const named = new Map(items.map((item) => [item.name, item]));
  return new Set(
    Array.from({ length: runs }, (_, at) => at).filter((at) =>
      brushes.every((brush) => {
        const item = named.get(brush.name);
        if (!item) return true; // of another comparison
        if ("values" in brush) return brush.values.includes(item.values[at] ?? "");
        const value = numbersOf(item)?.[at] ?? null;
        return value !== null && value >= brush.from && value <= brush.to;
      }),
    ),
  );
}

/** With one brush in the place of that of its name; null: without it. */
export function withBrush(brushes: readonly Brush[], name: string, brush: Brush | null): Brush[] {
  const others = brushes.filter((one) => one.name !== name);
  return brush ? [...others, brush] : others;
}

const encoded = (text: string) => encodeURIComponent(text).replaceAll(".", "%2E");

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const tidy = (value: number) => Number(value.toPrecision(6));
