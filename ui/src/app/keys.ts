import { createContext, useContext, useEffect, useLayoutEffect, useRef } from "react";

/** What a key does here. `?` and the palette list it. */
export interface Key {
  does: string;
  run: () => void;
  /** The heading it is listed under: "Page" unless said. */
  group?: string;
}

/** The group of keys that every page has. */
export const EVERYWHERE = "Everywhere";

/** "j", "g g", "Shift X", "Ctrl K", "Esc", "Enter", "Space", "Left", "/", "?". */
export type Keys = Record<string, Key>;

interface Bound {
  keys: () => Keys;
  commands: () => Key[];
  layer: number;
}

/** Keys of a dialog are in a layer above the page's: while it is open, those below are not heard. */
export const KeyLayer = createContext(0);

/** Within this the second key of a pair comes, "g g". */
const PAIR_MS = 1_500;

const bound: Bound[] = [];
const layers: number[] = [0];
let begun = ""; // the first key of a pair, "g"
let begunAt = 0;

/** Binds keys while the component stands. Where two bind the same key, the later one has it. */
export function useKeys(keys: Keys, enabled = true): void {
  const layer = useContext(KeyLayer);
  const latest = useRef(keys);
  // As the page is drawn: what one sees one can press.
  useLayoutEffect(() => {
    latest.current = keys;
  });
  useLayoutEffect(() => {
    if (!enabled) return;
    return bind({ keys: () => latest.current, commands: () => [], layer });
  }, [enabled, layer]);
}

/** What can be done here and has no key: the palette lists it. */
export function useCommands(commands: Key[]): void {
  const layer = useContext(KeyLayer);
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  useEffect(() => bind({ keys: () => ({}), commands: () => latest.current, layer }), [layer]);
}

function bind(one: Bound): () => void {
  bound.push(one);
  return () => {
    const at = bound.indexOf(one);
    if (at >= 0) bound.splice(at, 1);
  };
}

/** No key below `layer` is heard until the returned function is called. */
export function openLayer(layer: number): () => void {
  layers.push(layer);
  return () => {
    layers.splice(layers.lastIndexOf(layer), 1);
  };
}

/** What can be done now without a key, as well as with one: the palette's list, the nearest first. */
export function boundCommands(): { key: string; does: Key }[] {
  const top = Math.max(...layers);
  const commands = bound.filter(({ layer }) => layer >= top).flatMap((one) => one.commands());
  const all = boundKeys();
  // What has two keys, j and an arrow, is one command.
  const keys = all
    .filter(([, does], i) => all.findIndex(([, other]) => other === does) === i)
    .map(([key, does]) => ({ key, does }));
  // Moves within a table stand last: they are for fingers that lie on the keys.
  const isMove = ({ does }: { does: Key }) => does.group === "Table";
  const nearest = keys.reverse();
  return [
    ...commands.map((does) => ({ key: "", does })),
    ...nearest.filter((one) => !isMove(one)),
    ...nearest.filter(isMove),
  ];
}

/** What is bound now, each key once. */
export function boundKeys(): [string, Key][] {
  const found = new Map<string, Key>();
  const top = Math.max(...layers);
  for (const one of bound) {
    if (one.layer < top) continue;
    for (const [name, key] of Object.entries(one.keys())) found.set(name, key);
  }
  return [...found];
}

export function listen(target: Window): () => void {
  target.addEventListener("keydown", onKey);
  return () => target.removeEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = keyName(event);
  if (!name || isForTheField(event, name)) return;
  const pair = begun && event.timeStamp - begunAt < PAIR_MS ? `${begun} ${name}` : "";
  begun = "";
  const all = new Map(boundKeys().map(([key, does]) => [plain(key), does]));
  const key = (pair && all.get(pair)) || all.get(name);
  if (key) {
    event.preventDefault();
    key.run();
  } else if ([...all.keys()].some((one) => one.startsWith(`${name} `))) {
    event.preventDefault();
    begun = name;
    begunAt = event.timeStamp;
  }
}

const SPELLED: Record<string, string> = {
  Escape: "Esc",
  " ": "Space",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
};

/** The event's key as it is bound: a letter with Shift is the capital letter. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  if (["Shift", "Control", "Meta", "Alt", "AltGraph", "Dead"].includes(event.key)) return "";
  const key = SPELLED[event.key] ?? event.key;
  if (event.ctrlKey || event.metaKey) return `Ctrl ${key.toUpperCase()}`;
  if (event.altKey) return `Alt ${key}`;
  return event.shiftKey && key.length > 1 ? `Shift ${key}` : key;
}

/** "Shift X" is what `keyName` calls "X". */
function plain(key: string): string {
  return key.replace(/Shift (\w)(?!\w)/g, (_, letter: string) => letter.toUpperCase());
}

function isForTheField(event: KeyboardEvent, name: string): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (!target || name.startsWith("Ctrl ")) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  if (target.matches("input")) return !["checkbox", "radio", "button"].includes((target as HTMLInputElement).type);
  if (name === "Enter" || name === "Space") return target.matches("button, a, summary, [role=button], [role=tab]");
  return target.closest("[role=menu], [role=listbox]") !== null;
}
