import type { ReactNode } from "react";
import { CopyLine } from "./CopyLine";
import css from "./Empty.module.css";

interface EmptyProps {
  title: string;
  lines?: string[];
  /** What makes it full: a line of Python or of the command line, to be copied. */
  code?: string | string[];
  children?: ReactNode;
}

/** What stands where there is nothing: what is missing, and what brings it. */
export function Empty({ title, lines = [], code = [], children }: EmptyProps) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {[code].flat().map((line) => (
        <CopyLine key={line} command={line} />
      ))}
      {children}
    </div>
  );
}
