import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ask } from "@/api/ask";
import { createLoader } from "@/api/rowLoader";
import { createRows } from "@/api/rows";
import type { Schemas } from "@/api/types";

export type ArtifactLine = Schemas["ArtifactLine"];

/** Results never change, but who is given them does as long as their run goes on. */
export const artifactRows = createRows<ArtifactLine>();

/** Asks for the rows that are seen, and `again` for those that are seen now. */
export function useArtifactRows() {
  const [error, setError] = useState<Error | null>(null);
  const loader = useMemo(
    () =>
      createLoader({
        has: (id) => artifactRows.get(id) !== undefined,
        load: async (ids, signal) => {
          const page = await ask("/artifacts", { query: { ids }, signal });
          artifactRows.put(page.rows.map((row): [number, ArtifactLine] => [row.id, row]));
          setError(null);
        },
        failed: (failure) => setError(failure instanceof Error ? failure : new Error(String(failure))),
      }),
    [],
  );
  useEffect(() => loader.stop, [loader]);
  const last = useRef<readonly number[]>([]);
  const seen = useCallback(
    (ids: readonly number[]) => {
      last.current = ids;
      loader.want(ids);
    },
    [loader],
  );
  const again = useCallback(() => loader.again(last.current), [loader]);
  return { seen, again, error };
}

export type Kind = "" | "table" | "array" | "column";

export const KINDS: readonly { value: Kind; name: string }[] = [
  { value: "", name: "All" },
  { value: "table", name: "Tables" },
  { value: "array", name: "Arrays" },
];

const WORD = /(^|\s)kind:(table|array|column)(?=\s|$)/;

/** Which kind a filter asks for; "": all, or it says so in another way. */
export function kindOf(filter: string): Kind {
  return (WORD.exec(filter)?.[2] ?? "") as Kind;
}

/** The filter with another kind. */
export function withKind(filter: string, kind: Kind): string {
  const rest = filter.replace(WORD, "").trim();
  return kind ? `${rest} kind:${kind}`.trim() : rest;
}
