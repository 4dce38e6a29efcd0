import { useQuery } from "@tanstack/react-query";
import { ask } from "@/api/ask";
import { parseRun, type RunRef, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { PickOne } from "@/parts/PickOne";

const NEAR = 50;

export interface Against {
  /** The run that this one is compared with; null: none. */
  base: RunRef | null;
  /** Whether that is not known yet. */
  isPending: boolean;
  picker: React.JSX.Element;
}

/** The run that a run is compared with: the one of its flow before it, or another that is chosen, in the address. */
export function useAgainst(run: RunRef): Against {
  const [chosen, choose] = useParam("against", "");
  const { data } = useAsk("/runs/{flow}/{number}", { in: { ...run } });
  const previous = data?.previous ?? "";
  const origin = data?.run.origin?.run ?? "";
  const named = chosen === "none" ? "" : chosen || previous;
  const options = useNearRuns(run.flow);
  const others = [...new Set([named, ...options])].filter(
    (name) => ![previous, origin, runName(run), ""].includes(name),
  );
  const picker = (
    <PickOne label="against" value={chosen} onChange={choose}>
      <option value="">{previous ? `${previous}, the run before` : "no run before"}</option>
      {origin && origin !== previous && <option value={origin}>{origin}, forked from</option>}
      {previous && <option value="none">nothing</option>}
      {others.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </PickOne>
  );
  return { base: parseRun(named), isPending: data === undefined && chosen === "", picker };
}

/** The names of a flow's latest runs. */
function useNearRuns(flow: string): readonly string[] {
  const { data = [] } = useQuery({
    queryKey: ["near runs", flow],
    queryFn: async ({ signal }) => {
      const query = { filter: `flow:${quoted(flow)}`, limit: NEAR };
      const page = await ask("/runs", { query, signal });
      return page.rows.map((row) => row.run);
    },
  });
  return data;
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `"${word}"`;
}
