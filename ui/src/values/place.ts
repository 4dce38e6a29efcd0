/** Where a stored value stands: what the API takes with its digest, and how a reader gets at it. */

import type { Schemas } from "@/api/types";

export type Value = Schemas["ValueInfo"];

export interface ValuePlace {
  /** "digits/3/train/2", "digits/3": whose result it is, unless what follows says more. */
  of: string;
  /** Of a run: this parameter. */
  param?: string;
  /** What was displayed under this name. */
  display?: string;
  /** Of a series of displays. */
  step?: number;
}

/** As paths of the API name it. */
export function digestOf(value: Value): string {
  return value.digest || "unstable";
}

/** The query that goes with the digest. */
export function inQuery({ of, param, display, step }: ValuePlace) {
  return {
    of,
    ...(param === undefined ? {} : { param }),
    ...(display === undefined ? {} : { display }),
    ...(step === undefined ? {} : { step }),
  };
}

/** The page of a value. */
export function valueAddress(value: Value, place: ValuePlace): string {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries(inQuery(place))) query.set(name, String(text));
  return `/artifacts/${digestOf(value)}?${query}`;
}

/** "display confusion of digits/3/train/2": what a title says of it. */
export function placeName({ of, param, display, step }: ValuePlace): string {
  if (param !== undefined) return `${param} of ${of}`;
  if (display !== undefined) return step === undefined ? display : `${display} at step ${step}`;
  return of;
}

/** What loads it in Python. */
export function pythonLine(place: ValuePlace): string {
  const [flow = "", number = "", ...task] = place.of.split("/");
  const run = `penstock.run(${quoted(`${flow}/${number}`)})`;
  const owner = task.length ? `${run}.task(${quoted(task.join("/"))})` : run;
  if (place.param !== undefined) return `${run}.params[${quoted(place.param)}]`;
  if (place.display === undefined) return `${owner}.result()`;
  const step = place.step === undefined ? "" : `, step=${place.step}`;
  return `${owner}.displays.named(${quoted(place.display)}${step}).load()`;
}

/** What writes it to a file. */
export function fileCommand({ of }: ValuePlace): string {
  return `penstock get ${/^[\w./-]+$/.test(of) ? of : `'${of.replaceAll("'", "'\\''")}'`} -o FILE`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
