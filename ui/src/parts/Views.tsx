import { Link } from "wouter";
import { navigate } from "wouter/use-browser-location";
import { type Keys, useKeys } from "@/app/keys";
import css from "./Views.module.css";

export interface View {
  id: string;
  name: string;
  to: string;
  /** How many there are: beside the name. */
  count?: number;
}

/** The views of one thing, each an address of its own, and each with the number of its place as its key. */
export function Views({ of, views, current }: { of: string; views: readonly View[]; current: string }) {
  const keys: Keys = {};
  for (const [at, { name, to }] of views.entries()) {
    keys[String(at + 1)] = { does: `Show ${name.toLowerCase()}`, group: `Views of the ${of}`, run: () => navigate(to) };
  }
  useKeys(keys);
  return (
    <nav className={css.views} aria-label={`Views of the ${of}`}>
      {views.map(({ id, name, to, count }, at) => (
        <Link
          key={id}
          href={to}
          className={css.view}
          aria-current={id === current ? "page" : undefined}
          title={`${name} (${at + 1})`}
        >
          {name}
          {count !== undefined && count > 0 && <span className={css.count}>{count}</span>}
        </Link>
      ))}
    </nav>
  );
}
