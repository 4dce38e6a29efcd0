/** The project's token: from the address that `penstock ui` printed, kept for this tab alone. */

const KEY = "penstock-token";

/** Takes the token out of the address bar, so that it stands in no history and in no picture of the screen. */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  sessionStorage.setItem(KEY, given);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

export function keepToken(given: string): void {
  sessionStorage.setItem(KEY, given);
}
