import { letterOf } from "./comparison";
import css from "./Swatch.module.css";

const SERIES = 8;

/** A run's colour and letter: by its place among those that are compared. */
export function Swatch({ place, faded = false }: { place: number; faded?: boolean }) {
  return (
    <span className={css.swatch} data-faded={faded || undefined}>
      <span className={css.colour} style={{ background: seriesVar(place) }} aria-hidden />
      {letterOf(place)}
    </span>
  );
}

export function seriesVar(place: number): string {
  return `var(--series-${(place % SERIES) + 1})`;
}
