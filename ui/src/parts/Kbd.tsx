import css from "./Kbd.module.css";

/** A key as it stands on the board. */
export function Kbd({ keys }: { keys: string }) {
  return <kbd className={css.key}>{SIGNS[keys] ?? keys}</kbd>;
}

const SIGNS: Record<string, string> = { Enter: "↵", Left: "←", Right: "→", Up: "↑", Down: "↓" };
