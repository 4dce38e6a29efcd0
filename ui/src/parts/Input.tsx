import type { ComponentProps } from "react";
import css from "./Input.module.css";

/** What is typed into, as all forms have it; `code`: what a computer reads. */
export function Input({ code = false, ...rest }: ComponentProps<"input"> & { code?: boolean }) {
  return <input {...rest} className={classes(code)} autoComplete="off" spellCheck={!code} />;
}

export function TextArea({ code = false, ...rest }: ComponentProps<"textarea"> & { code?: boolean }) {
  return <textarea {...rest} className={classes(code)} spellCheck={!code} />;
}

export function Select({ code = false, ...rest }: ComponentProps<"select"> & { code?: boolean }) {
  return <select {...rest} className={classes(code)} />;
}

function classes(code: boolean): string {
  return [css.input, code && css.code].filter(Boolean).join(" ");
}
