import { parseRun, runAddress, withQuery } from "@/api/names";
import type { Schemas } from "@/api/types";

type Hit = Schemas["Hit"];

/** Where what was found stands. */
export function hitAddress({ kind, name, run }: Hit): string {
  if (kind === "flow" || kind === "tag") return withQuery("/runs", { filter: `${kind}:${quoted(name)}` });
  const found = parseRun(kind === "run" ? name : run);
  if (!found) return "/runs";
  return kind === "step" ? runAddress(found, { node: name }) : runAddress(found);
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name.replace(/(["\\])/g, "\\$1")}"`;
}

/** How well `text` answers what was typed: each word of that is in it. 0: not at all; a match at a word's begin is better. */
export function score(text: string, typed: string): number {
  const low = text.toLowerCase();
  let sum = 1;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = low.indexOf(word);
    if (at < 0) return 0;
    sum += at === 0 || /\W/.test(low[at - 1] ?? "") ? 2 : 1;
  }
  return sum;
}
