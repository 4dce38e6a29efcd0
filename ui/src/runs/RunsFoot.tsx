import type { ReactNode } from "react";
import { Kbd } from "@/parts/Kbd";
import { counted } from "@/words/numbers";
import css from "./RunsPage.module.css";

/** How many runs there are, and the keys that are used most. */
export function RunsFoot({ total, children }: { total: number; children?: ReactNode }) {
  return (
    <footer className={css.foot}>
      <span>
        {counted(total, "run")}
        {children}
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
