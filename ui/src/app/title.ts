import { useEffect } from "react";
import { say } from "@/parts/say";

let isFirst = true; // which the browser itself reads aloud

/** What the browser's tab says: `digits/3 · Penstock`. That another page has come is told to who does not see it. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = text ? `${text} · Penstock` : "Penstock";
    if (!isFirst) say(text);
    isFirst = false;
  }, [text]);
}
