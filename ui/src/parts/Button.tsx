import type { ComponentProps, ReactNode } from "react";
import css from "./Button.module.css";

interface ButtonProps extends ComponentProps<"button"> {
  /** `main`: the one thing that is meant to be done here. `danger`: for good. `bare`: no frame until hovered. */
  kind?: "plain" | "main" | "danger" | "bare";
  size?: "normal" | "small";
  icon?: ReactNode;
}

export function Button({ kind = "plain", size = "normal", icon, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={[css.button, css[kind], css[size], !children && css.square, className].filter(Boolean).join(" ")}
    >
      {icon}
      {children}
    </button>
  );
}
