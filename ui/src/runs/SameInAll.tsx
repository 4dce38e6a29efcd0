import type { Schemas } from "@/api/types";
import { sameInAll } from "./columns";
import { valueText } from "./RunCells";
import css from "./RunsPage.module.css";

/** Parameters that are the same in all of the runs: one line, in the place of columns that say the same in every row. */
export function SameInAll({ page, total }: { page: Schemas["ColumnsPage"]; total: number }) {
  const same = sameInAll(page, total);
  if (same.length === 0) return null;
  const said = same.map(({ name, value }) => ({ name, text: `${name}=${valueText(value)}` }));
  return (
    <p className={css.same} title={said.map(({ text }) => text).join("  ")}>
      same in all:
      {said.map(({ name, text }) => (
        <code key={name}>{text}</code>
      ))}
    </p>
  );
}
