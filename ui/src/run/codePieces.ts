/** The pieces of a run's code that somebody wants to read, and which of them are others than in another run. */

import type { Schemas } from "@/api/types";
import { textOf } from "@/values/codeText";

type Codes = Schemas["RunCodes"];
type Source = Schemas["SourcePage"];

export interface CodePiece {
  /** "digits()", "train", "features:clean": as an address has it. */
  id: string;
  /** "digits()", "train", "clean". */
  name: string;
  /** "flow", "step", or of what it is: "function", "class", "constant". */
  kind: string;
  /** The file; "": the flow's own. */
  place: string;
  /** What it is called there: "Model.fit"; "": the file's bare statements. */
  definition: string;
  /** The step by whose driver its source was taken; "": the latest. */
  step: string;
  /** How many tasks ran with it; 0: not told. */
  tasks: number;
}

/** The flow's body, its steps in the order of their first calls, then what else these reach in the project. */
export function codePieces(codes: Codes): CodePiece[] {
  const pieces = new Map<string, CodePiece>();
  if (codes.qualname) {
    const id = `${codes.qualname}()`;
    pieces.set(id, { id, name: id, kind: "flow", place: "", definition: codes.qualname, step: "", tasks: 0 });
  }
  const own = new Set<string>();
  for (const { step, tasks, reaches } of codes.steps) {
    const [first] = reaches;
    if (first === undefined || pieces.has(step)) continue;
    own.add(first.name);
    const { place } = first;
    pieces.set(step, { id: step, name: step, kind: "step", place, definition: definitionOf(first.name), step, tasks });
  }
  for (const { step, reaches } of codes.steps) {
    for (const { name, kind, place } of reaches) {
      const definition = definitionOf(name);
      if (!place || own.has(name) || pieces.has(name) || kind === "statements") continue;
      pieces.set(name, { id: name, name: definition || name, kind, place, definition, step, tasks: 0 });
    }
  }
  return [...pieces.values()];
}

/** The lines of a piece in a file, from 1; null: it is not there. */
export function spanOf(source: Source, definition: string): { first: number; last: number } | null {
  return source.definitions.find((one) => one.name === definition) ?? null;
}

/** "changed", "new", or "": it is as it was, or that can't be told. */
export function changeOf(definition: string, mine: Source | undefined, other: Source | undefined): string {
  if (mine === undefined || other === undefined) return "";
  const [here, there] = [spanOf(mine, definition), spanOf(other, definition)];
  if (here === null) return "";
  if (there === null) return "new";
  const text = (source: Source, { first, last }: { first: number; last: number }) =>
    source.lines
      .slice(first - 1, last)
      .map(textOf)
      .join("\n");
  return text(mine, here) === text(other, there) ? "" : "changed";
}

function definitionOf(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
