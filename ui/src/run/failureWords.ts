/** What a failure says in a line, and what mends it. */

import type { Schemas } from "@/api/types";

type ErrorInfo = Schemas["ErrorInfo"];

export interface Told {
  /** "ValueError", "out of memory" */
  cause: string;
  message: string;
}

/** The cause as one would say it, and the first line of the message. */
export function toldError({ cause, type, message }: ErrorInfo): Told {
  const line = message.split("\n").find((one) => one.trim() !== "") ?? "";
  return { cause: cause === "raised" && type ? type : cause === "raised" ? "an error" : cause, message: line.trim() };
}

/** The command that goes on with a run, of those that the server names. */
export function mendOf(commands: Schemas["RunPage"]["commands"]): string {
  return commands.find(({ command }) => command.startsWith("penstock resume"))?.command ?? "";
}
