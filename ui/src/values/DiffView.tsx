import { memo, useMemo, useState } from "react";
import code from "./CodeLines.module.css";
import type { CodeLine } from "./codeText";
import css from "./DiffView.module.css";
import { type DiffPart, type DiffRow, diffParts, diffRows, piecesOf } from "./diffRows";

interface DiffViewProps {
  before: readonly CodeLine[];
  after: readonly CodeLine[];
  /** "cancer.py of cancer/9": what the two are. */
  label: string;
  /** The numbers of their first lines. */
  firstBefore?: number;
  firstAfter?: number;
}

/** How a file differs from another version of it; what is the same is folded. */
export default function DiffView({ before, after, label, firstBefore = 1, firstAfter = 1 }: DiffViewProps) {
  const parts = useMemo(
    () => diffParts(diffRows(before, after, [firstBefore, firstAfter])),
    [before, after, firstBefore, firstAfter],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={css.diff} aria-label={label} tabIndex={0}>
      <div className={css.wide}>
        {parts.map((part) => (
          <Part key={`${part.rows[0]?.before} ${part.rows[0]?.after}`} part={part} />
        ))}
      </div>
    </section>
  );
}

function Part({ part: { rows, isFolded } }: { part: DiffPart }) {
  const [isOpen, setOpen] = useState(!isFolded);
  if (isOpen) return rows.map((row) => <Row key={`${row.before} ${row.after}`} row={row} />);
  return (
    <button type="button" className={css.fold} onClick={() => setOpen(true)}>
      {rows.length.toLocaleString("en")} lines the same
    </button>
  );
}

const SIGNS = { same: " ", removed: "−", added: "+" } as const;

const Row = memo(function Row({ row: { kind, before, after, line, words } }: { row: DiffRow }) {
  return (
    <div className={css[kind]}>
      <span className={css.number}>{before || ""}</span>
      <span className={css.number}>{after || ""}</span>
      <span className={css.sign}>
        <span aria-hidden>{SIGNS[kind]}</span>
        {kind !== "same" && <span className="unseen">{kind}: </span>}
      </span>
      <code className={css.text}>
        {piecesOf(line, words).map(({ word, text, isOther }, at) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: a piece is known by its place
            key={at}
            className={word ? code[word] : undefined}
            data-other={isOther || undefined}
          >
            {text}
          </span>
        ))}
      </code>
    </div>
  );
});
