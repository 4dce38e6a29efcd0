import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";
import { floats } from "./floats";
import css from "./Tooltip.module.css";

/**
 * More about `children`, one element, on hover and focus. It may hold nothing that is said nowhere else: a touch screen
 * does not show it.
 */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactElement }) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal container={floats()}>
        <Base.Positioner sideOffset={6} className={css.place ?? ""}>
          <Base.Popup className={css.tooltip ?? ""}>{text}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
