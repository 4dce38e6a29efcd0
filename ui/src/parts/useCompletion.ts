import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/types";

export type Completion = Schemas["Completion"];
export type Complete = (text: string, at: number, signal: AbortSignal) => Promise<Completion>;

/** What may stand at the cursor, of the latest question alone. */
export function useCompletion(complete: Complete | undefined) {
  const [completion, setCompletion] = useState<Completion | null>(null);
  const [at, setAt] = useState(-1);
  const asked = useRef<AbortController | null>(null);
  useEffect(() => () => asked.current?.abort(), []);
  const words = completion?.words.length ?? 0;
  return {
    completion,
    at,
    isOpen: words > 0,
    ask(text: string, cursor: number) {
      asked.current?.abort();
      if (!complete) return;
      asked.current = new AbortController();
      const { signal } = asked.current;
      complete(text, cursor, signal).then(
        (found) => {
          if (signal.aborted) return;
          const only = found.words[0];
          const isWritten = found.words.length === 1 && only?.text === text.slice(found.at, found.end);
          setCompletion(isWritten ? null : found);
          setAt(-1);
        },
        () => {}, // what can't be completed can still be written
      );
    },
    move: (by: number) => setAt((now) => (now + by + words + (now < 0 && by < 0 ? 1 : 0)) % Math.max(1, words)),
    close() {
      asked.current?.abort();
      setCompletion(null);
      setAt(-1);
    },
  };
}
