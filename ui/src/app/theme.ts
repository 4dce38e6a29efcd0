import { useSyncExternalStore } from "react";

/** Light or dark: the system's, until the reader chooses the other one. */
type Theme = "light" | "dark";

const KEY = "penstock-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function systems(): Theme {
  return dark.matches ? "dark" : "light";
}

export function theme(): Theme {
  const chosen = localStorage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : systems();
}

/** Sets the colours, and follows the system and the other tabs. Called before anything is drawn. */
export function startTheme(): void {
  show();
  dark.addEventListener("change", show);
  addEventListener("storage", (event) => event.key === KEY && show());
}

export function switchTheme(): void {
  const next: Theme = theme() === "dark" ? "light" : "dark";
  // Who chooses what the system says follows the system again.
  if (next === systems()) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  show();
}

/** The theme, for what draws with colours of its own: a canvas. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}

function show(): void {
  document.documentElement.dataset.theme = theme();
  for (const listener of listeners) listener();
}
