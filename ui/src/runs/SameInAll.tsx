import type { Schemas } from "@/api/types";
import { sameInAll } from "./columns";
import { valueText } from "./RunCells";
import css from "./RunsPage.module.css";

/** Parameters that are the same in all of the runs: one line, in the place of columns that say the same in every
 * row. The line stays where there are none, so that nothing moves as one filters. What the
 * answer can't say of some runs stands there, too. */
export function SameInAll({ page, total, notes }: { page: Schemas["ColumnsPage"]; total: number; notes: string[] }) {
  const same = sameInAll(page, total);
  const said = same.map(({ name, value }) => ({ name, text: `${name}=${valueText(value)}` }));
  return (
    <p className={css.same} title={said.map(({ text }) => text).join("  ")}>
      {same.length > 0 && "same in all:"}
      {said.map(({ name, text }) => (
        <code key={name}>{text}</code>
      ))}
      {notes.map((note) => (
        <span key={note} className={css.note}>
          {note}
        </span>
      ))}
    </p>
  );
}
