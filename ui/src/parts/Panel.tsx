import { type ReactNode, useContext, useEffect, useId, useRef, useState } from "react";
import { KeyLayer, openLayer } from "@/app/keys";
import { Button } from "./Button";
import css from "./Panel.module.css";

interface PanelProps {
  /** What the button says, and what the panel is called. */
  label: string;
  icon: ReactNode;
  /** Said beside the label: what is chosen. */
  chosen?: string;
  children: (close: () => void) => ReactNode;
}

/** A button that opens a small panel below it. A click elsewhere and Esc close it; the focus goes back to the button. */
export function Panel({ label, icon, chosen, children }: PanelProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const close = () => setOpen(false);

  function closeAndReturn(): void {
    close();
    place.current?.querySelector("button")?.focus();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes it from wherever in it the focus is
    <div
      className={css.place}
      ref={place}
      onBlur={(event) => {
        if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget)) close();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        event.preventDefault();
        closeAndReturn();
      }}
    >
      <Button
        icon={icon}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={chosen ? `${label}: ${chosen}` : label}
        onClick={() => setOpen(!isOpen)}
      >
        <span className={css.label}>{chosen ? `${label}: ${chosen}` : label}</span>
      </Button>
      {isOpen && (
        <Open id={id} label={label} place={place} onClose={close}>
          {children(closeAndReturn)}
        </Open>
      )}
    </div>
  );
}

interface OpenProps {
  id: string;
  label: string;
  place: React.RefObject<HTMLElement | null>;
  onClose: () => void;
  children: ReactNode;
}

function Open({ id, label, place, onClose, children }: OpenProps) {
  const layer = useContext(KeyLayer) + 1;
  const latest = useRef(onClose);
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    latest.current = onClose;
  });
  useEffect(() => openLayer(layer), [layer]);
  useEffect(() => {
    own.current?.querySelector<HTMLElement>("input, button, select")?.focus();
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) latest.current();
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [place]);
  return (
    <KeyLayer value={layer}>
      <section className={css.panel} id={id} aria-label={label} ref={own}>
        {children}
      </section>
    </KeyLayer>
  );
}
