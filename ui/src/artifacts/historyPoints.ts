/** One value over the runs of its flow: what is kept of each, and a number of each that can be drawn. */

import type { Schemas } from "@/api/types";
import { numberOf } from "@/draw/series";
import type { Value } from "@/values/place";

export type ArtifactLine = Schemas["ArtifactLine"];

export interface Stat {
  id: string;
  name: string;
  of: (value: Value) => number | null;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

const STATS: readonly Stat[] = [
  {
    id: "value",
    name: "value",
    of: ({ text, length }) => (length === null && NUMBER.test(text) ? Number(text) : null),
  },
  { id: "rows", name: "rows", of: ({ shape }) => shape?.[0] ?? null },
  { id: "length", name: "length", of: ({ length, shape }) => (shape ? null : length) },
  { id: "size", name: "size in bytes", of: ({ size_bytes }) => size_bytes },
];

/** What can be drawn of these without asking for more. */
export function statsOf(lines: readonly ArtifactLine[]): Stat[] {
  return STATS.filter((stat) => lines.some((line) => stat.of(line.value) !== null));
}

/** "cancer/10/load/1" -> what finds it in other runs. */
export function historyFilter(task: string): { filter: string; end: string } {
  const [flow = "", , ...rest] = task.split("/");
  const number = rest.pop() ?? "";
  const step = rest.join("/");
  const quoted = (word: string) => (/^[\w./-]+$/.test(word) ? word : `"${word.replaceAll('"', "")}"`);
  return {
    filter: `flow:${quoted(flow)} step:${quoted(step)} ${quoted(`${step}/${number}`)}`,
    end: `/${step}/${number}`,
  };
}

/** Those of exactly this place, the oldest first. */
export function ofPlace(lines: readonly ArtifactLine[], end: string): ArtifactLine[] {
  return lines.filter((line) => line.of.slice(line.run.length) === end).sort((one, other) => one.id - other.id);
}

export type ColumnStat = "mean" | "median" | "min" | "max" | "nulls";

export function columnStat(stats: Schemas["ColumnStatistics"] | undefined, which: ColumnStat): number | null {
  if (stats === undefined) return null;
  if (which === "nulls") return stats.nulls;
  const found = which === "median" ? stats.quantiles.find(([share]) => share === 0.5)?.[1] : stats[which];
  return found === undefined || found === null ? null : numberOf(found);
}

interface Point {
  x: number;
  y: number;
}

/** Where each number is drawn, the smallest at the bottom; null: it has none. */
export function pointsOf(
  values: readonly (number | null)[],
  width: number,
  height: number,
  pad: number,
): (Point | null)[] {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return values.map((value, at) => {
    if (value === null || !Number.isFinite(value)) return null;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return { x: (at + 0.5) * width, y: pad + (1 - share) * (height - 2 * pad) };
  });
}

/** A line through those that are there; a gap where one is not. */
export function pathOf(points: readonly (Point | null)[]): string {
  let path = "";
  let isNew = true;
  for (const point of points) {
    if (point !== null) path += `${isNew ? "M" : "L"}${point.x} ${point.y}`;
    isNew = point === null;
  }
  return path;
}
