import { lazy, type ReactNode, Suspense, useState } from "react";
import { Button } from "./Button";

const OpenMenu = lazy(() => import("./OpenMenu"));

export interface MenuItem {
  does: string;
  run: () => void;
  icon?: ReactNode;
  key?: string;
  /** For good, or much: it is told apart. */
  danger?: boolean;
  /** Why it can't be done now. */
  why?: string | undefined;
}

export interface MenuProps {
  label: string;
  icon: ReactNode;
  /** What the button says; without it the label is its title. */
  text?: string;
  items: MenuItem[];
}

/** A button with a menu of what else can be done. It stands before the code of menus has come. */
export function Menu(props: MenuProps) {
  const { icon, label, text } = props;
  const [isWanted, setWanted] = useState(false); // a click before that is not lost
  const names = text ? {} : { "aria-label": label, title: label };
  return (
    <Suspense
      fallback={
        <Button icon={icon} {...names} onClick={() => setWanted(true)}>
          {text}
        </Button>
      }
    >
      <OpenMenu {...props} isOpen={isWanted} />
    </Suspense>
  );
}
