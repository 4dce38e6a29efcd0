import Anser from "anser";

/** A piece of a line that looks the same throughout. */
export interface Span {
  text: string;
  /** Names of looks, which LogLine.module.css has: "red", "bold", "on-red"; "": plain. */
  looks: string[];
}

/** All sequences but colours: moves of the cursor, titles, links. Their visible text stays. */
const OTHER_SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are looked for
  /\x1b(?:\[[0-?]*[ -/]*[@-ln-~]|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[PX^_][^\x1b]*(?:\x1b\\|$)|[ -/]*[0-OQ-WYZ`-~])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const COLOUR_SEQUENCE = /\x1b\[[\d;:]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f]/g;

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const HUES = [
  ["red", 0],
  ["yellow", 50],
  ["green", 125],
  ["cyan", 185],
  ["blue", 225],
  ["magenta", 295],
  ["red", 360],
] as const;

/** A line with its colours, as spans. Colours beyond the eight become the nearest of them: these can be read on both
 * themes. */
export function spansOf(line: string): Span[] {
  if (!line.includes("\x1b")) return line ? [{ text: line.replace(UNSEEN, "�"), looks: [] }] : [];
  const coloured = line.replace(OTHER_SEQUENCE, "");
  const found: Span[] = [];
  for (const piece of Anser.ansiToJson(coloured, { json: true, remove_empty: true, use_classes: true })) {
    const text = piece.content.replace(UNSEEN, "");
    if (text) found.push({ text, looks: looksOf(piece) });
  }
  return found;
}

/** What one reads of a line. */
export function plain(line: string): string {
  return line.includes("\x1b")
    ? line.replace(OTHER_SEQUENCE, "").replace(COLOUR_SEQUENCE, "").replace(UNSEEN, "")
    : line;
}

function looksOf(piece: Anser.AnserJsonEntry): string[] {
  const decorations = piece.decorations as string[];
  const fore = nameOf(piece.fg, piece.fg_truecolor);
  const back = nameOf(piece.bg, piece.bg_truecolor);
  const looks: string[] = decorations.filter(
    (one) => one === "bold" || one === "italic" || one === "underline" || one === "dim",
  );
  if (decorations.includes("strikethrough")) looks.push("struck");
  if (fore && !(back && fore === "black")) looks.push(fore); // one that is turned around has black for none
  if (back) looks.push(`on-${back}`);
  return looks;
}

function nameOf(name: string | null, rgb: string | null): string {
  if (!name) return "";
  if (name === "ansi-truecolor") return nearest(rgb ?? "");
  const palette = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (palette !== undefined) return ofPalette(Number(palette));
  return name.replace(/^ansi-(bright-)?/, "");
}

/** Of the palette of 256: 16 names, a cube of six levels, 24 greys. */
function ofPalette(index: number): string {
  if (index < 16) return NAMES[index % 8] ?? "";
  if (index >= 232) return grey((index - 232) / 23);
  const cube = index - 16;
  const level = (place: number) => (place === 0 ? 0 : 55 + 40 * place);
  return nearest(`${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6) % 6)}, ${level(cube % 6)}`);
}

function nearest(rgb: string): string {
  const [red = 0, green = 0, blue = 0] = rgb.split(",").map((part) => Number(part) / 255);
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 0.12) return grey(most);
  const turn =
    most === red
      ? ((green - blue) / range + 6) % 6
      : most === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4;
  let name = "red";
  let distance = 360;
  for (const [hue, at] of HUES) {
    const apart = Math.abs(60 * turn - at);
    if (apart < distance) [name, distance] = [hue, apart];
  }
  return name;
}

function grey(lightness: number): string {
  return lightness < 0.6 ? "black" : "white";
}
