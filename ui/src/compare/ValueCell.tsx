import { Star } from "lucide-react";
import { type Item, shownOf } from "./comparison";
import css from "./DiffersView.module.css";

interface ValueCellProps {
  item: Item;
  place: number;
  colour: string;
}

/** What a run has of something: a number with a bar from the smallest to the largest of them, the best with a star. */
export function ValueCell({ item, place, colour }: ValueCellProps) {
  const value = item.values[place] ?? null;
  const number = item.numbers?.[place] ?? null;
  const share = item.shares?.[place] ?? null;
  if (value === null) return <span className={css.none}>–</span>;
  const isBest = item.best.has(place);
  return (
    <span className={css.value} data-number={number !== null || undefined} title={value}>
      <span className={css.text}>
        {isBest && (
          <>
            <Star size={11} fill="currentColor" aria-hidden className={css.star} />
            <span className="unseen">best: </span>
          </>
        )}
        {shownOf(item, place)}
      </span>
      {share !== null && (
        <span className={css.track} aria-hidden>
          <span style={{ background: colour, transform: `scaleX(${Math.max(0.02, share)})` }} />
        </span>
      )}
    </span>
  );
}
