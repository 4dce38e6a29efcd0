import type { ReactNode } from "react";
import place from "./TablePage.module.css";
import css from "./TableSkeleton.module.css";

/** Where a table and what it is filtered by will stand. `children`: what stands between them. */
export function TableSkeleton({ children }: { children?: ReactNode }) {
  return (
    <div className={place.page} aria-hidden="true">
      <div className={place.tools}>
        <span className={css.tools} />
      </div>
      {children}
      <div className={css.rows} />
    </div>
  );
}
