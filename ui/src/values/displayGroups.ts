/** What was displayed, in the order of reading: a series under one name is one thing with many steps. */

import type { Schemas } from "@/api/types";
import type { ValuePlace } from "./place";

export type Display = Schemas["DisplayInfo"];

export interface DisplayGroup {
  key: string;
  task: string;
  name: string;
  /** In order of their steps: one, unless it is a series. */
  shown: readonly Display[];
}

export function displayGroups(rows: readonly Display[]): DisplayGroup[] {
  const groups = new Map<string, Display[]>();
  for (const row of rows) {
    const key = `${row.task}\n${row.name}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].map(([key, shown]) => {
    shown.sort((one, other) => (one.step ?? -1) - (other.step ?? -1));
    return { key, task: shown[0]?.task ?? "", name: shown[0]?.name ?? "", shown };
  });
}

export function displayPlace({ task, name, step }: Display): ValuePlace {
  return { of: task, display: name, ...(step === null ? {} : { step }) };
}
