/** What a value is shown as, by what the API says of it: nothing of the value itself is looked at. */

import type { Value } from "./place";

export type Look =
  | "audio"
  | "frame"
  | "json"
  | "literal"
  | "markdown"
  | "picture"
  | "scalar"
  | "stored"
  | "table"
  | "text"
  | "video"
  | "download";

const TABLE = "application/vnd.penstock.table";
const SCALARS = new Set(["int", "float", "bool", "NoneType", "complex"]);

/** Of what was displayed. */
export function lookOfMedia(media: string): Look {
  if (media === TABLE) return "table";
  if (media === "text/markdown") return "markdown";
  if (media === "text/html") return "frame";
  if (media.startsWith("image/")) return "picture";
  if (media.startsWith("audio/")) return "audio";
  if (media.startsWith("video/")) return "video";
  if (/[/+]json$/.test(media)) return "json";
  return media.startsWith("text/") ? "text" : "download";
}

/** Of a result, a parameter or an input. "stored": the API has to be asked whether it lies there in columns. */
export function lookOfValue(value: Value): Look {
  if (value.shape !== null || value.type === "bytes") return "stored";
  return SCALARS.has(value.type) || isShort(value) ? "scalar" : "literal";
}

/** "float64", "pandas.DataFrame 569 × 31", "list of 3". */
export function kindText(value: Value): string {
  const type = value.type.replace(/^.*\.(?=[A-Z])/, "");
  if (value.shape !== null && value.shape.length > 0) {
    return `${value.dtype ?? type} ${shapeText(value.shape)}`;
  }
  return value.length === null ? type : `${type} of ${value.length.toLocaleString("en")}`;
}

/** "569 × 31". */
export function shapeText(shape: readonly number[]): string {
  return shape.length ? shape.map((one) => one.toLocaleString("en")).join(" × ") : "scalar";
}

/** Whether its text is all of it: what is longer ends with "…". */
export function isCut(value: Value): boolean {
  return value.text.includes("…") || (value.type === "str" && (value.length ?? 0) > value.text.length);
}

function isShort(value: Value): boolean {
  return value.length === null && value.text.length <= 40 && !/[([{<]/.test(value.text);
}
