import type { ReactNode } from "react";
import { Kbd } from "./Kbd";
import css from "./TablePage.module.css";

/** Below a table: how much there is, and the keys that are used most: `[["j", "k"], "move"]`. */
export function TableFoot({ children, keys = [] }: { children: ReactNode; keys?: [string[], string][] }) {
  return (
    <footer className={css.foot}>
      <span>{children}</span>
      <span className={css.hints} aria-hidden>
        {keys.map(([names, does]) => (
          <span key={does}>
            {names.map((name) => (
              <Kbd key={name} keys={name} />
            ))}
            {does}
          </span>
        ))}
      </span>
    </footer>
  );
}
