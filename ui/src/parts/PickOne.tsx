import type { ReactNode } from "react";
import css from "./PickOne.module.css";

interface PickOneProps {
  /** What is picked. */
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  /** Names of the user's own are picked from: as a computer reads them. */
  code?: boolean;
  children: ReactNode;
}

/** One of many, for what is shown here: its name beside it. */
export function PickOne({ label, value, onChange, code = false, children }: PickOneProps) {
  return (
    <label className={css.pick}>
      {label}
      <select value={value} data-code={code || undefined} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </label>
  );
}
