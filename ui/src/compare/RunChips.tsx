import { X } from "lucide-react";
import { Link } from "wouter";
import { parseRun, runAddress } from "@/api/names";
import { StatusMark } from "@/parts/StatusMark";
import { duration } from "@/words/times";
import css from "./RunChips.module.css";
import { Swatch } from "./Swatch";
import type { Compared } from "./useComparison";

const FEW = 8;

/** The runs that are compared, each with its colour, which it has on every page. */
export function RunChips({ compared }: { compared: Compared }) {
  const { data, kept, drop } = compared;
  const runs = data?.runs ?? [];
  return (
    <ul className={css.chips} aria-label="The runs" data-many={runs.length > FEW || undefined}>
      {runs.map((run, place) => (
        <li key={run.id} className={css.chip} data-faded={!kept.has(place) || undefined}>
          <Swatch place={place} />
          <RunLink name={run.id} />
          <StatusMark status={run.status} />
          <span className={css.took}>{duration(run.duration_s && Number(run.duration_s))}</span>
          {runs.length > 2 && (
            <button type="button" className={css.drop} aria-label={`leave out ${run.id}`} onClick={() => drop(run.id)}>
              <X size={12} aria-hidden />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

export function RunLink({ name }: { name: string }) {
  const run = parseRun(name);
  return run ? (
    <Link href={runAddress(run)} className={css.link ?? ""}>
      <bdi>{name}</bdi>
    </Link>
  ) : (
    name
  );
}
