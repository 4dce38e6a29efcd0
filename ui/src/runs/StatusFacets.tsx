import type { Schemas } from "@/api/types";
import { StatusMark } from "@/parts/StatusMark";
import { count } from "@/words/numbers";
import { statusesOf, withStatusTurned } from "./filterText";
import css from "./StatusFacets.module.css";

const ORDER = ["running", "failed", "crashed", "done", "cancelled", "interrupted", "reused", "waiting"];

interface StatusFacetsProps {
  statuses: Schemas["FacetsPage"]["statuses"];
  filter: string;
  onFilter: (filter: string) => void;
}

/** How many runs stand how, of those that the rest of the filter holds for; a click asks for these alone. */
export function StatusFacets({ statuses, filter, onFilter }: StatusFacetsProps) {
  const asked = statusesOf(filter);
  const counts = new Map(statuses.map(({ name, runs }) => [name, runs]));
  const shown = ORDER.filter((status) => counts.has(status) || asked.includes(status));
  if (shown.length === 0) return null;
  return (
    <fieldset className={css.place} aria-label="Filter by status">
      <div className={css.facets}>
        {shown.map((status) => (
          <button
            type="button"
            key={status}
            className={css.facet}
            aria-pressed={asked.includes(status)}
            onClick={() => onFilter(withStatusTurned(filter, status))}
          >
            <StatusMark status={status} silent />
            {status} <span className={css.count}>{count(counts.get(status) ?? 0)}</span>
          </button>
        ))}
      </div>
    </fieldset>
  );
}
