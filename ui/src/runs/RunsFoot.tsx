import { Kbd } from "@/parts/Kbd";
import { counted } from "@/words/numbers";
import css from "./RunsPage.module.css";

/** How many runs there are, and the keys that are used most. */
export function RunsFoot({ total, isPartial }: { total: number; isPartial: boolean }) {
  return (
    <footer className={css.foot}>
      <span>
        {counted(total, "run")}
        {isPartial && ", the first 200,000 are listed: a filter shows the others"}
      </span>
      <span className={css.hints} aria-hidden>
        <span>
          <Kbd keys="j" />
          <Kbd keys="k" />
          move
        </span>
        <span>
          <Kbd keys="x" />
          select
        </span>
        <span>
          <Kbd keys="Enter" />
          open
        </span>
        <span>
          <Kbd keys="?" />
          all keys
        </span>
      </span>
    </footer>
  );
}
