/** The project's token: from the address that `penstock ui` printed, kept for this tab alone and handed to others. */

const KEY = "penstock-token";
const TAKEN = "penstock-token-taken";
const WAIT_MS = 250;
let taken = "";

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

/** The server has taken this tab's token. */
export function tokenTaken(): void {
  const now = token() ?? "";
  if (now === taken) return;
  taken = now;
  sessionStorage.setItem(TAKEN, now);
}

/** Whether it ever has: one that is refused then was right before. */
export function wasTaken(): boolean {
  return sessionStorage.getItem(TAKEN) === token();
}

type Said = { kind: "ask" } | { kind: "token"; token: string };

/**
 * This tab's token, or another tab's of the same server: an address that was typed or kept as a bookmark has none. Null
 * where no tab has one. From then on this tab tells its own to who asks.
 */
export async function findToken(): Promise<string | null> {
  const channel = new BroadcastChannel("penstock-token");
  if (token() === null) await asked(channel);
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    const own = token();
    if (data.kind === "ask" && own) channel.postMessage({ kind: "token", token: own } satisfies Said);
  };
  return token();
}

function asked(channel: BroadcastChannel): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, WAIT_MS);
    channel.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.kind !== "token") return;
      sessionStorage.setItem(KEY, data.token);
      clearTimeout(timer);
      resolve();
    };
    channel.postMessage({ kind: "ask" } satisfies Said);
  });
}
