import { useEffect } from "react";

/** What the browser's tab says: `digits/3 · Penstock`. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = text ? `${text} · Penstock` : "Penstock";
  }, [text]);
}
