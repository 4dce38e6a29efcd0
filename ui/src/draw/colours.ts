/** The colours of style/tokens.css, for what is drawn on a canvas. */

import { useSyncExternalStore } from "react";

const NAMES = [
  "bg",
  "surface",
  "sunk",
  "line",
  "line-strong",
  "text",
  "text-2",
  "text-3",
  "accent",
  "running",
  "done",
  "reused",
  "failed",
  "retry",
  "waiting",
] as const;
const SERIES = 8;

export type ColourName = (typeof NAMES)[number];

export interface Colours extends Readonly<Record<ColourName, string>> {
  /** The series' colours, in their order. */
  readonly series: readonly string[];
  /** The reader's system says which colours there are: tell series apart by dashes and labels. */
  readonly forced: boolean;
  readonly font: string;
}

const listeners = new Set<() => void>();
let known: Colours | null = null;

/** Those of the theme that is on. The same object as long as they are the same. */
export function colours(): Colours {
  known ??= read();
  return known;
}

export function onColours(listener: () => void): () => void {
  if (listeners.size === 0) watch();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useColours(): Colours {
  return useSyncExternalStore(onColours, colours);
}

/** Of the series at a place in a selection: it keeps its colour wherever that is shown. */
export function seriesColour(place: number, from: Colours = colours()): string {
  return from.series[place % SERIES] ?? from.text;
}

/** The first eight are whole lines; whoever shares their colours is dashed. */
export function seriesDash(place: number, from: Colours = colours()): number[] {
  const round = from.forced ? place : Math.floor(place / SERIES);
  return [[], [7, 3], [2, 3], [9, 3, 2, 3]][round % 4] ?? [];
}

/** A place among the series for whoever must not look like a failure: all but the seventh, which is red. */
export function calmPlace(place: number): number {
  const around = Math.floor(place / (SERIES - 1)) * SERIES;
  const within = place % (SERIES - 1);
  return around + (within < 6 ? within : within + 1);
}

/** Black or white, whichever reads better on `colour`. */
export function inkOn(colour: string): string {
  const hex = /^#?([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour.trim());
  if (hex === null) return "Canvas"; // colours that the reader's system says: what is drawn has that of its text
  const [red = 0, green = 0, blue = 0] = hex.slice(1).map((part) => (Number.parseInt(part, 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.19 ? "#101416" : "#ffffff";
}

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = of("words") || "sans-serif";
  if (matchMedia("(forced-colors: active)").matches) return forcedColours(font);
  const named = Object.fromEntries(NAMES.map((name) => [name, of(name)])) as Record<ColourName, string>;
  const series = Array.from({ length: SERIES }, (_, place) => of(`series-${place + 1}`));
  return { ...named, series, forced: false, font };
}

function forcedColours(font: string): Colours {
  const named = Object.fromEntries(NAMES.map((name) => [name, "CanvasText"])) as Record<ColourName, string>;
  const over = { bg: "Canvas", surface: "Canvas", sunk: "Canvas", line: "GrayText", "line-strong": "GrayText" };
  const series = Array.from({ length: SERIES }, () => "CanvasText");
  return { ...named, ...over, accent: "Highlight", series, forced: true, font };
}

function watch(): void {
  const forget = () => {
    known = null;
    for (const listener of listeners) listener();
  };
  new MutationObserver(forget).observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
  matchMedia("(forced-colors: active)").addEventListener("change", forget);
}
