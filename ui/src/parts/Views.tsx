import { useLayoutEffect, useRef } from "react";
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

const ASIDE = 32; // of the view beside it some is seen

/** The views of one thing, each an address of its own, and each with the number of its place as its key. */
export function Views({ of, views, current }: { of: string; views: readonly View[]; current: string }) {
  const keys: Keys = {};
  for (const [at, { name, to }] of views.entries()) {
    keys[String(at + 1)] = { does: `Show ${name.toLowerCase()}`, group: `Views of the ${of}`, run: () => navigate(to) };
  }
  useKeys(keys);
  const bar = useRef<HTMLElement>(null);
  // On a phone not all have room: the one that is shown is among those that are seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one may be current
  useLayoutEffect(() => {
    const shown = bar.current?.querySelector<HTMLElement>("[aria-current]");
    if (!bar.current || !shown) return;
    const [begin, end] = [shown.offsetLeft - ASIDE, shown.offsetLeft + shown.offsetWidth + ASIDE];
    const { scrollLeft, clientWidth } = bar.current;
    bar.current.scrollLeft = Math.min(begin, Math.max(scrollLeft, end - clientWidth));
  }, [current]);
  return (
    <nav ref={bar} className={css.views} aria-label={`Views of the ${of}`}>
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
