import type { ReactNode } from "react";
import css from "./Choice.module.css";

interface ChoiceProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

/** A box to tick, and what it stands for. */
export function Choice({ checked, onChange, children }: ChoiceProps) {
  return (
    <label className={css.choice}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {children}
    </label>
  );
}

interface LabelledProps {
  label: string;
  children: (id: string) => ReactNode;
  note?: string;
}

/** A control with its name before it, in the columns of the form of parameters. */
export function Labelled({ label, children, note }: LabelledProps) {
  const id = `labelled-${label.replace(/\W+/g, "-")}`;
  return (
    <div className={css.labelled}>
      <label htmlFor={id}>{label}</label>
      <div>
        {children(id)}
        {note && <p className={css.note}>{note}</p>}
      </div>
    </div>
  );
}
