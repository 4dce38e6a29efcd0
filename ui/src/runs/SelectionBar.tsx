import { GitCompareArrows, X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/parts/Button";
import css from "./SelectionBar.module.css";

interface SelectionBarProps {
  selected: number;
  onCompare: () => void;
  onClear: () => void;
  /** What else can be done with them. */
  children?: ReactNode;
}

const MOST = 50;

/** What can be done with the runs that are selected. */
export function SelectionBar({ selected, onCompare, onClear, children }: SelectionBarProps) {
  if (selected === 0) return null;
  const why = selected < 2 ? "select another" : selected > MOST ? `at most ${MOST} are compared` : "";
  return (
    <div className={css.place}>
      <section className={css.bar} aria-label="Selected runs">
        <strong>{selected} selected</strong>
        {why && <span className={css.why}>{why}</span>}
        <Button kind="main" icon={<GitCompareArrows aria-hidden />} disabled={why !== ""} onClick={onCompare}>
          Compare
        </Button>
        {children}
        <Button icon={<X aria-hidden />} onClick={onClear}>
          <span>Clear</span>
        </Button>
      </section>
    </div>
  );
}
