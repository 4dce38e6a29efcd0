import { useEffect, useState } from "react";
import type { Cursor } from "@/draw/cursor";
import type { LogLines } from "./logLines";
import type { AskLog } from "./logPlace";

const SETTLED_MS = 80;

/** The number of the line that was written at the time of the cursor; 0: none. Of lines that were not looked at, the
 * server knows it: it is asked once the pointer rests. */
export function useMarked(cursor: Cursor | undefined, ask: AskLog, lines: LogLines): number {
  const [marked, setMarked] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked: AbortController | undefined;
    const stop = cursor?.on((time) => {
      clearTimeout(timer);
      asked?.abort();
      if (time === null) return setMarked(0);
      const known = lines.known(time);
      if (known) return setMarked(known);
      timer = setTimeout(() => {
        asked = new AbortController();
        ask({ time, count: 1 }, asked.signal).then(
          (part) => setMarked(part.lines[0]?.number ?? lines.count),
          () => {}, // another place was asked for, or the log says by itself what is wrong
        );
      }, SETTLED_MS);
    }, lines);
    return () => {
      clearTimeout(timer);
      asked?.abort();
      stop?.();
    };
  }, [cursor, ask, lines]);
  return marked;
}
