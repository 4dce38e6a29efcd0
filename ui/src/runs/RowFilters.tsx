import { type KeyboardEvent, useContext, useEffect, useRef } from "react";
import { KeyLayer, openLayer } from "@/app/keys";
import { termOf } from "./filterText";
import css from "./RowFilters.module.css";
import type { RunLine } from "./runRows";

interface RowFiltersProps {
  line: RunLine;
  /** The row that it is about: it opens below it. */
  row: Element | null;
  onTerm: (term: string) => void;
  onClose: () => void;
}

/** What a run can be filtered by: each of its values as a term. */
export function RowFilters({ line, row, onTerm, onClose }: RowFiltersProps) {
  const layer = useContext(KeyLayer) + 1;
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => openLayer(layer), [layer]);
  useEffect(() => {
    const before = document.activeElement;
    own.current?.querySelector("button")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);

  function onKeyDown(event: KeyboardEvent): void {
    const buttons = [...(own.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab" || event.key === "f") onClose();
    else if (by) buttons.at((at + by) % buttons.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const box = row?.getBoundingClientRect();
  const below = (box?.bottom ?? 100) < window.innerHeight * 0.6;
  return (
    <KeyLayer value={layer}>
      <div
        ref={own}
        role="menu"
        aria-label={`Filter by a value of ${line.run}`}
        className={css.menu}
        style={below ? { top: box?.bottom ?? 100 } : { bottom: window.innerHeight - (box?.top ?? 0) }}
        onKeyDown={onKeyDown}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) onClose();
        }}
      >
        {termsOf(line).map((term) => (
          <button
            type="button"
            role="menuitem"
            key={term}
            className={css.item}
            onClick={() => {
              onClose();
              onTerm(term);
            }}
          >
            {term}
          </button>
        ))}
      </div>
    </KeyLayer>
  );
}

/** The terms that a run's row tells: its flow, state and tags, then what its columns show. Of a number with a fraction
 * that was measured, those that are as large. */
function termsOf(line: RunLine): string[] {
  const values = Object.entries(line.values).map(([name, value]) =>
    typeof value === "number" && !Number.isInteger(value)
      ? `${termOf(name, value).replace(":", ">=")}`
      : termOf(name, value),
  );
  return [
    termOf("flow", line.flow),
    termOf("status", line.status),
    ...line.tags.map((tag) => termOf("tag", tag)),
    ...values,
  ];
}
