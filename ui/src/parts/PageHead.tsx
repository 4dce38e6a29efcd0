import type { ReactNode } from "react";
import { Link } from "wouter";
import css from "./PageHead.module.css";

interface PageHeadProps {
  /** The page's name, and what stands beside it in the same line: a state, say. */
  title: ReactNode;
  beside?: ReactNode;
  /** What leads here, from the outermost on. */
  crumbs?: { text: ReactNode; to: string }[];
  /** Buttons, at the right. */
  actions?: ReactNode;
  /** Lines below the title. */
  children?: ReactNode;
}

/** The head of every page: where it stands, its name, what can be done with it. */
export function PageHead({ title, beside, crumbs = [], actions, children }: PageHeadProps) {
  return (
    <header className={css.head}>
      {crumbs.length > 0 && (
        <nav aria-label="Where this is" className={css.crumbs}>
          {crumbs.map(({ text, to }, i) => (
            <span key={to}>
              {i > 0 && <span aria-hidden="true"> / </span>}
              <Link href={to}>{text}</Link>
            </span>
          ))}
        </nav>
      )}
      <div className={css.line}>
        <div className={css.name}>
          <h1>{title}</h1>
          {beside}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
      {children}
    </header>
  );
}
