import type { ReactNode } from "react";
import css from "./HeadFacts.module.css";

/** What is to be known first, in a line below a page's name. Its height is there before its words are. */
export function HeadFacts({ children }: { children?: ReactNode }) {
  return <div className={css.facts}>{children}</div>;
}

/** A time that goes on has room for its longest form. */
export function TimeFact({ children }: { children: ReactNode }) {
  return <b className={css.time}>{children}</b>;
}
